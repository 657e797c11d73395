"""Full-size invented list files in the formats whose real files are not at hand.

Always: written party by party; texts hold no markup, so nothing needs escaping; what a party has
stands in every format that can carry it. Schemas: docs/reference/list-formats.md.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from evals.synthetic_parties import Party

_FILLER = 'regulationLanguage="en" logicalId="{0}"'
_SUMMARY = (
    '<regulationSummary regulationType="amendment" publicationDate="2024-01-15" '
    'numberTitle="2024/1 (OJ L1)" publicationUrl="https://example.org/oj/2024/1"/>'
)


def _write(path: Path, head: str, pieces: Iterable[str], foot: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head + "\n")
        for piece in pieces:
            file.write(piece + "\n")
        file.write(foot + "\n")


def write_eu_xml(path: Path, parties: Iterable[Party]) -> None:
    """The EU export, XML 1.1."""
    _write(
        path,
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-08-05">',
        map(_eu_entity, parties),
        "</export>",
    )


def _eu_entity(party: Party) -> str:
    code, short = ("person", "P") if party.is_person else ("enterprise", "E")
    filler, (iso, country) = _FILLER.format(party.number), party.country
    names = [(given, family, f"{given} {family}".strip()) for given, family in party.names]
    names += [("", "", party.native)] if party.native else []
    lines = [
        f'<sanctionEntity designationDate="2024-02-01" euReferenceNumber="EU.9.{party.number}" '
        f'unitedNationId="" logicalId="{party.number}"><remark>{party.remark}</remark>',
        f'<regulation programme="SAMPLE" {filler}/>',
        f'<subjectType code="{code}" classificationCode="{short}"/>',
    ]
    lines += [
        f'<nameAlias firstName="{given}" middleName="" lastName="{family}" wholeName="{whole}" '
        f'function="" title="" gender="" nameLanguage="" strong="true" {filler}>{_SUMMARY}'
        "</nameAlias>"
        for given, family, whole in names
    ]
    year, month, day = party.born
    place = f'countryIso2Code="{iso}" countryDescription="{country}" {filler}'
    if party.is_person:
        lines.append(f'<citizenship region="" {place}>{_SUMMARY}</citizenship>')
        lines.append(
            f'<birthdate circa="false" calendarType="GREGORIAN" city="{party.city}" '
            f'birthdate="{year}-{month:02}-{day:02}" {place}>{_SUMMARY}</birthdate>'
        )
        lines.append(
            f'<identification identificationTypeCode="passport" number="{party.paper}" '
            f'identificationTypeDescription="National passport" {place}>{_SUMMARY}'
            "</identification>"
        )
    lines.append(f'<address street="1 Lane" city="{party.city}" {place}>{_SUMMARY}</address>')
    return "\n".join([*lines, "</sanctionEntity>"])


EU_COLUMNS = (
    "fileGenerationDate", "Entity_LogicalId", "Entity_EU_ReferenceNumber",
    "Entity_UnitedNationId", "Entity_DesignationDate", "Entity_Remark", "Entity_SubjectType",
    "Entity_SubjectType_ClassificationCode", "Entity_Regulation_Programme", "NameAlias_LastName",
    "NameAlias_FirstName", "NameAlias_MiddleName", "NameAlias_WholeName",
    "NameAlias_NameLanguage", "NameAlias_Gender", "NameAlias_Title", "NameAlias_Function",
    "NameAlias_Remark", "Address_City", "Address_Street", "Address_CountryIso2Code",
    "Address_CountryDescription", "BirthDate_BirthDate", "BirthDate_Year", "BirthDate_City",
    "BirthDate_CountryIso2Code", "BirthDate_CountryDescription", "Identification_Number",
    "Identification_TypeCode", "Identification_TypeDescription",
    "Identification_CountryIso2Code", "Identification_CountryDescription",
    "Citizenship_CountryIso2Code", "Citizenship_CountryDescription",
)  # fmt: skip


def write_eu_csv(path: Path, parties: Iterable[Party]) -> None:
    """The EU export, CSV 1.1: a row for each name, date, paper and address."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, EU_COLUMNS, delimiter=";", restval="")
        writer.writeheader()
        for party in parties:
            writer.writerows(_eu_rows(party))


def _eu_rows(party: Party) -> Iterator[dict[str, str]]:
    head = {
        "fileGenerationDate": "05/08/2026",
        "Entity_LogicalId": str(party.number),
        "Entity_EU_ReferenceNumber": f"EU.9.{party.number}",
        "Entity_DesignationDate": "2024-02-01",
        "Entity_Remark": party.remark,
        "Entity_SubjectType": "P" if party.is_person else "E",
        "Entity_SubjectType_ClassificationCode": "person" if party.is_person else "enterprise",
        "Entity_Regulation_Programme": "SAMPLE",
    }

    def row(block: str, **cells: str) -> dict[str, str]:
        return {**head, **{f"{block}_{name}": text for name, text in cells.items()}}

    for given, family in party.names:
        whole = f"{given} {family}".strip()
        yield row("NameAlias", FirstName=given, LastName=family, WholeName=whole)
    if party.native:
        yield row("NameAlias", WholeName=party.native)
    place = {"CountryIso2Code": party.country[0], "CountryDescription": party.country[1]}
    if party.is_person:
        day = "{}-{:02}-{:02}".format(*party.born)
        paper = {"TypeCode": "passport", "TypeDescription": "National passport"}
        yield row("BirthDate", BirthDate=day, City=party.city, **place)
        yield row("Identification", Number=party.paper, **paper, **place)
        yield row("Citizenship", **place)
    yield row("Address", City=party.city, Street="1 Lane", **place)


def write_uk_xml(path: Path, parties: Iterable[Party]) -> None:
    """The United Kingdom's list, XML."""
    _write(
        path,
        '<?xml version="1.0" encoding="utf-8"?>\n<Designations>'
        "<DateGenerated>14/08/2026</DateGenerated>",
        map(_uk_designation, parties),
        "</Designations>",
    )


def _uk_designation(party: Party) -> str:
    kinds = ["Primary Name", *["Alias"] * (len(party.names) - 1)]
    names = "".join(
        f"<Name><Name1>{given}</Name1><Name6>{family}</Name6><NameType>{kind}</NameType></Name>"
        for (given, family), kind in zip(party.names, kinds, strict=True)
    )
    native = f"<NameNonLatinScript>{party.native}</NameNonLatinScript>"
    natives = f"<NonLatinNames><NonLatinName>{native}</NonLatinName></NonLatinNames>"
    details = ""
    if party.is_person:
        details = (
            f"<IndividualDetails><Individual><DOBs><DOB>{_uk_day(party)}</DOB></DOBs>"
            f"<PassportDetails><Passport><PassportNumber>{party.paper}</PassportNumber></Passport>"
            f"</PassportDetails><Nationalities><Nationality>{party.country[1]}</Nationality>"
            "</Nationalities></Individual></IndividualDetails>"
        )
    return (
        f"<Designation><LastUpdated>29/04/2026</LastUpdated><DateDesignated>01/02/2024"
        f"</DateDesignated><UniqueID>{_uk_id(party)}</UniqueID><Names>{names}</Names>"
        f"{natives if party.native else ''}<RegimeName>The Invented Regulations</RegimeName>"
        f"<IndividualEntityShip>{'Individual' if party.is_person else 'Entity'}"
        f"</IndividualEntityShip><OtherInformation>{party.remark}</OtherInformation>"
        f"<UKStatementofReasons>{party.remark} {party.remark}</UKStatementofReasons><Addresses>"
        f"<Address><AddressLine1>{party.city}</AddressLine1><AddressCountry>{party.country[1]}"
        f"</AddressCountry></Address></Addresses>{details}</Designation>"
    )


def _uk_day(party: Party) -> str:
    year, month, day = party.born
    return f"{day:02}/{month:02}/{year}"


def _uk_id(party: Party) -> str:
    return f"ZZZ{party.number:05}"


UK_COLUMNS = (
    "Last Updated", "Unique ID", "OFSI Group ID", "UN Reference Number", "Name 6", "Name 1",
    "Name 2", "Name 3", "Name 4", "Name 5", "Name type", "Alias strength", "Title",
    "Name non-latin script", "Regime Name", "Designation Type", "Other Information",
    "UK Statement of Reasons", "Address Line 1", "Address Postal Code", "Address Country",
    "Phone number", "Website", "Email address", "Date Designated", "D.O.B",
    "Nationality(/ies)", "National Identifier number", "Passport number", "Position", "Gender",
    "Town of birth", "Country of birth", "Business registration number (s)", "IMO number",
    "Current believed flag of ship", "Previous flags", "Hull identification number (HIN)",
)  # fmt: skip


def write_uk_csv(path: Path, parties: Iterable[Party]) -> None:
    """The United Kingdom's list, CSV: a row for each name, all else repeated."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Report Date: 14-Aug-2026\r\n")
        writer = csv.DictWriter(file, UK_COLUMNS, restval="")
        writer.writeheader()
        for party in parties:
            writer.writerows(_uk_rows(party))


def _uk_rows(party: Party) -> Iterator[dict[str, str]]:
    own = {"D.O.B": _uk_day(party), "Passport number": party.paper,
           "Nationality(/ies)": party.country[1]}  # fmt: skip
    for at, (given, family) in enumerate(party.names):
        yield {
            "Last Updated": "29/04/2026",
            "Unique ID": _uk_id(party),
            "Name 6": family,
            "Name 1": given,
            "Name type": "Alias" if at else "Primary Name",
            "Name non-latin script": party.native,
            "Regime Name": "The Invented Regulations",
            "Designation Type": "Individual" if party.is_person else "Entity",
            "Other Information": party.remark,
            "UK Statement of Reasons": f"{party.remark} {party.remark}",
            "Address Line 1": party.city,
            "Address Country": party.country[1],
            "Date Designated": "01/02/2024",
            **(own if party.is_person else {}),
        }


def write_seco_xml(path: Path, parties: Iterable[Party]) -> None:
    """Switzerland's list: every target with a place of its own, behind all targets."""
    places: list[str] = []

    def targets() -> Iterator[str]:
        for party in parties:
            iso, country = party.country
            places.append(
                f'<place ssid="{party.number}"><location>{party.city}</location>'
                f'<country iso-code="{iso}">{country}</country></place>'
            )
            yield _seco_target(party)
        yield from places

    _write(
        path,
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<swiss-sanctions-list list-type="whole-list" date="2026-08-15">'
        '<sanctions-program ssid="1"><program-key lang="eng">SAMPLE</program-key>'
        '<sanctions-set ssid="2" lang="eng">Invented measures</sanctions-set></sanctions-program>',
        targets(),
        "</swiss-sanctions-list>",
    )


def _seco_target(party: Party) -> str:
    body = "individual" if party.is_person else "entity"
    names = "".join(
        f'<name name-type="{"alias" if at else "primary-name"}" quality="good" lang="eng">'
        f"{_seco_parts(given, family)}</name>"
        for at, (given, family) in enumerate(party.names)
    )
    if party.native:
        names += f'<name name-type="alias" quality="good">{_seco_parts("", party.native)}</name>'
    year, month, day = party.born
    identity = f'<identity ssid="{party.number}" main="true">{names}'
    if party.is_person:
        identity += (
            f'<day-month-year day="{day}" month="{month}" year="{year}" quality="good"/>'
            f'<place-of-birth place-id="{party.number}"/>'
            f'<identification-document document-type="passport"><number>{party.paper}</number>'
            "</identification-document>"
        )
    identity += f'<address place-id="{party.number}"/></identity>'
    return (
        f'<target ssid="{party.number}"><sanctions-set-id>2</sanctions-set-id><{body}>{identity}'
        f"<justification>{party.remark}</justification></{body}>"
        '<modification modification-type="listed" effective-date="2024-02-01"/>'
        f'<modification modification-type="amended" effective-date="2025-03-02"><added><{body}>'
        f"{identity}</{body}></added></modification></target>"
    )


def _seco_parts(given: str, family: str) -> str:
    if not given:
        return (
            f'<name-part order="1" name-part-type="whole-name"><value>{family}</value></name-part>'
        )
    return (
        f'<name-part order="2" name-part-type="given-name"><value>{given}</value></name-part>'
        f'<name-part order="1" name-part-type="family-name"><value>{family}</value></name-part>'
    )


_ADVANCED_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/\
ADVANCED_XML"><DateOfIssue><Year>2026</Year><Month>1</Month><Day>10</Day></DateOfIssue>
<ReferenceValueSets><AliasTypeValues><AliasType ID="1400">A.K.A.</AliasType>
<AliasType ID="1403">Name</AliasType></AliasTypeValues>
<CountryValues><Country ID="50" ISO2="MT">Malta</Country></CountryValues>
<FeatureTypeValues><FeatureType ID="8">Birthdate</FeatureType></FeatureTypeValues>
<IDRegDocTypeValues><IDRegDocType ID="1571">Passport</IDRegDocType></IDRegDocTypeValues>
<ListValues><List ID="1550">SDN List</List></ListValues>
<NamePartTypeValues><NamePartType ID="1520">Last Name</NamePartType>
<NamePartType ID="1521">First Name</NamePartType></NamePartTypeValues>
<PartySubTypeValues><PartySubType ID="4" PartyTypeID="1">Unknown</PartySubType>
<PartySubType ID="3" PartyTypeID="2">Unknown</PartySubType></PartySubTypeValues>
<PartyTypeValues><PartyType ID="1">Individual</PartyType><PartyType ID="2">Entity</PartyType>
</PartyTypeValues><ScriptValues><Script ID="215" ScriptCode="Latn">Latin</Script>
<Script ID="220" ScriptCode="Cyrl">Cyrillic</Script></ScriptValues></ReferenceValueSets>"""


def write_ofac_advanced(path: Path, parties: Callable[[], Iterable[Party]]) -> None:
    """OFAC's sdn_advanced.xml: papers, then parties, then what they are listed under."""

    def papers(party: Party) -> str:
        return (
            f'<IDRegDocument ID="{party.number}" IDRegDocTypeID="1571" IdentityID="{party.number}" '
            f'IssuedBy-CountryID="50"><IDRegistrationNo>{party.paper}</IDRegistrationNo>'
            "</IDRegDocument>"
        )

    def listing(party: Party) -> str:
        return (
            f'<SanctionsEntry ProfileID="{party.number}" ListID="1550"><EntryEvent><Date>'
            "<Year>2024</Year><Month>2</Month><Day>1</Day></Date></EntryEvent>"
            '<SanctionsMeasure SanctionsTypeID="1"><Comment>XX-A</Comment></SanctionsMeasure>'
            "</SanctionsEntry>"
        )

    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_ADVANCED_HEAD + "\n")
        for tag, made in (
            ("IDRegDocuments", papers),
            ("DistinctParties", _advanced_party),
            ("SanctionsEntries", listing),
        ):
            _section(file, tag, map(made, parties()))
        file.write("</Sanctions>\n")


def _section(file: TextIO, tag: str, pieces: Iterable[str]) -> None:
    file.write(f"<{tag}>\n")
    file.writelines(piece + "\n" for piece in pieces)
    file.write(f"</{tag}>\n")


def _advanced_party(party: Party) -> str:
    def part(group: int, text: str, script: int) -> str:
        return (
            f'<DocumentedNamePart><NamePartValue NamePartGroupID="{group}" ScriptID="{script}" '
            f'Acronym="false">{text}</NamePartValue></DocumentedNamePart>'
        )

    aliases = ""
    for at, (given, family) in enumerate(party.names):
        parts = part(31, family, 215) + (part(32, given, 215) if given else "")
        written = f'<DocumentedName ID="{at}">{parts}</DocumentedName>'
        if not at and party.native:
            written += f'<DocumentedName ID="9">{part(31, party.native, 220)}</DocumentedName>'
        kind = 'AliasTypeID="1400" Primary="false"' if at else 'AliasTypeID="1403" Primary="true"'
        aliases += f'<Alias FixedRef="{party.number}" {kind} LowQuality="false">{written}</Alias>'
    year, month, day = party.born
    point = f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"
    span = f"<From>{point}</From><To>{point}</To>"
    feature = (
        '<Feature FeatureTypeID="8"><FeatureVersion ReliabilityID="1561"><DatePeriod>'
        f"<Start>{span}</Start><End>{span}</End></DatePeriod></FeatureVersion></Feature>"
    )
    return (
        f'<DistinctParty FixedRef="{party.number}"><Comment>{party.remark}</Comment>'
        f'<Profile ID="{party.number}" PartySubTypeID="{4 if party.is_person else 3}">'
        f'<Identity ID="{party.number}" Primary="true">{aliases}<NamePartGroups>'
        '<MasterNamePartGroup><NamePartGroup ID="31" NamePartTypeID="1520"/></MasterNamePartGroup>'
        '<MasterNamePartGroup><NamePartGroup ID="32" NamePartTypeID="1521"/></MasterNamePartGroup>'
        f"</NamePartGroups></Identity>{feature if party.is_person else ''}</Profile>"
        "</DistinctParty>"
    )
