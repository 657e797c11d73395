"""Small invented lists, in force in a data directory, and what a test asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.office.lists.intake import gather, take_in_all
from insyn.office.lists.snapshots import ListStore
from insyn.office.screening.batch import Work
from insyn.office.screening.clearances import load_active
from insyn.office.screening.engine import compile_in_force

HEADER = "id,name,aliases,kind,country,birth_date,identifiers"
ROWS = (
    "W-1,Zebulon Quartzwell,Zeb Quartzwel,person,FR,1961-05-09,XQ1234567",
    "W-2,Quartzwell Optics Ltd,,organisation,CN,,",
    "W-3,Marvolio Tsindrakis,,person,GR,1970,",
    "W-4,Ondrasek Vellmoor,,person,CZ,circa 1950,",
    "W-5,Harbinger Lens Company,HLC Imaging,organisation,DE,,HRB-99887",
    "W-6,Искандер Вольтурнов,,person,RU,1980-02-03,",
)
"""A company's own list: nobody here exists."""


def write_list(folder: Path, rows: Sequence[str] = ROWS, name: str = "watch.csv") -> Path:
    """A list file in the plain CSV format."""
    path = folder / name
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def put_in_force(root: Path, *files: Path) -> DataDirectory:
    """A data directory in which these list files are in force."""
    data = DataDirectory(root=root)
    publications, refused = gather(list(files))
    assert not refused
    taken = list(take_in_all(ListStore(data.lists, system_clock), publications))
    assert not any(item.is_refused for item in taken)
    return data


def work_in(data: DataDirectory) -> Work:
    """The compiled lists in force, ready for a batch."""
    index, manifest = compile_in_force(data)
    return Work(index=index, manifest=manifest, clearances=load_active(data))
