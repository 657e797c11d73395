"""The lists that Insyn knows: where they are published, how often, and how big they should be.

Source of addresses and sizes: docs/reference/list-formats.md. A list that is not here is a
company's own; its id is the name of its file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One published list.

    `urls` are its files by role ("main", or OFAC's four). `rhythm_days`: without a newer
    publication for so long, the list counts as stale. `expected`: entries a sound copy holds.
    """

    id: str
    title: str
    urls: dict[str, str]
    formats: tuple[str, ...]
    rhythm_days: int
    expected: tuple[int, int]
    token_variable: str | None = None


_OFAC = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports"
_CSL = "https://api.trade.gov/static/consolidated_screening_list"
_EU = "https://webgate.ec.europa.eu/fsd/fsf/public/files"

SOURCES = (
    Source(
        id="un",
        title="United Nations Security Council consolidated list",
        urls={"main": "https://scsanctions.un.org/resources/xml/en/consolidated.xml"},
        formats=("un-xml",),
        rhythm_days=60,
        expected=(750, 2_000),
    ),
    Source(
        id="ofac-sdn",
        title="OFAC Specially Designated Nationals",
        urls={
            "primary": f"{_OFAC}/SDN.CSV",
            "alt": f"{_OFAC}/ALT.CSV",
            "add": f"{_OFAC}/ADD.CSV",
            "comments": f"{_OFAC}/SDN_COMMENTS.CSV",
        },
        formats=("ofac-csv", "ofac-sdn-xml", "ofac-enhanced-xml", "ofac-advanced-xml"),
        rhythm_days=30,
        expected=(7_000, 40_000),
    ),
    Source(
        id="ofac-non-sdn",
        title="OFAC consolidated list other than SDN",
        urls={
            "primary": f"{_OFAC}/CONS_PRIM.CSV",
            "alt": f"{_OFAC}/CONS_ALT.CSV",
            "add": f"{_OFAC}/CONS_ADD.CSV",
            "comments": f"{_OFAC}/CONS_COMMENTS.CSV",
        },
        formats=("ofac-csv", "ofac-sdn-xml", "ofac-enhanced-xml", "ofac-advanced-xml"),
        rhythm_days=180,
        expected=(300, 5_000),
    ),
    Source(
        id="us-csl",
        title="US Consolidated Screening List",
        urls={"main": f"{_CSL}/consolidated.csv"},
        formats=("csl-csv", "csl-json"),
        rhythm_days=14,
        expected=(12_000, 60_000),
    ),
    Source(
        id="us-dpl",
        title="US Denied Persons List",
        urls={"main": "https://www.bis.gov/dpl/dpl.txt"},
        formats=("dpl-txt",),
        rhythm_days=60,
        expected=(300, 3_000),
    ),
    Source(
        id="eu-fsf",
        title="European Union financial sanctions",
        urls={"main": f"{_EU}/xmlFullSanctionsList_1_1/content?token={{token}}"},
        formats=("eu-xml", "eu-csv"),
        rhythm_days=30,
        expected=(4_000, 12_000),
        token_variable="INSYN_EU_TOKEN",  # noqa: S106 - a variable's name
    ),
    Source(
        id="uk",
        title="United Kingdom sanctions list",
        urls={"main": "https://sanctionslist.fcdo.gov.uk/docs/UK-Sanctions-List.xml"},
        formats=("uk-xml", "uk-csv"),
        rhythm_days=30,
        expected=(3_000, 10_000),
    ),
    Source(
        id="ch-seco",
        title="Switzerland, SECO",
        urls={
            "main": "https://www.sesam.search.admin.ch/sesam-search-web/pages/"
            "downloadXmlGesamtliste.xhtml?lang=en&action=downloadXmlGesamtlisteAction"
        },
        formats=("seco-xml",),
        rhythm_days=60,
        expected=(3_000, 12_000),
    ),
    Source(
        id="ca-sema",
        title="Canada, Special Economic Measures Act",
        urls={
            "main": "https://www.international.gc.ca/world-monde/assets/office_docs/"
            "international_relations-relations_internationales/sanctions/sema-lmes.xml"
        },
        formats=("sema-xml",),
        rhythm_days=120,
        expected=(3_000, 12_000),
    ),
)

BY_ID = {source.id: source for source in SOURCES}
OWN_RHYTHM_DAYS = 365
"""Days after which a company's own list counts as stale."""


def list_of_format(format_id: str, *, non_sdn: bool) -> str | None:
    """The known list that a format belongs to; OFAC's two lists share theirs."""
    for source in SOURCES:
        if format_id in source.formats and (source.id == "ofac-non-sdn") == non_sdn:
            return source.id
    return None
