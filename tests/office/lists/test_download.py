"""What a loopback server without a certificate cannot show of a download."""

from pathlib import Path

import httpx
import pytest

from insyn.base.errors import Refusal
from insyn.office.lists.download import Limits, download


def fetched(path: Path, url: str, location: str) -> bytes:
    """The file behind a redirect from `url` to `location`."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url == url:
            return httpx.Response(302, headers={"Location": location})
        return httpx.Response(200, stream=httpx.ByteStream(str(request.url).encode()))

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        download(
            client,
            url,
            path / "list.xml",
            known={},
            limits=Limits(),
            sleep=lambda _seconds: None,
            show=lambda _done, _total: None,
        )
    return (path / "list.xml").read_bytes()


def test_redirect_out_of_https_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="redirects from https to http"):
        fetched(tmp_path, "https://list.invalid/a", "http://list.invalid/b")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "location", "reached"),
    [
        ("https://list.invalid/a", "/b", "https://list.invalid/b"),
        ("https://list.invalid/a", "https://other.invalid/b", "https://other.invalid/b"),
        ("http://list.invalid/a", "https://list.invalid/b", "https://list.invalid/b"),
    ],
)
def test_other_redirects_are_followed(
    tmp_path: Path, url: str, location: str, reached: str
) -> None:
    assert fetched(tmp_path, url, location) == reached.encode()
