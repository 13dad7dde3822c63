import json, os, time
from pathlib import Path
import pytest
from django.db import transaction
from tests.tampering.deeds_rows import ROWS
from tests.tampering.doing import do
from tests.tampering.noticing import Outside, NOTICERS

OUT = Path("/tmp/found.json")
def go(outside, names=None):
    said, times = {}, {}
    for name, one in NOTICERS.items():
        if name == "page again" and not outside.pages: continue
        if names and name not in names: continue
        start=time.time()
        try:
            with transaction.atomic():
                lines = one(outside)
                transaction.set_rollback(True)
        except Exception as e:
            lines=[f"!!! {type(e).__name__} {e}"[:300]]
        times[name]=round(time.time()-start,2)
        if lines: said[name]=lines
    return said, times

def keep(number, said):
    got = json.loads(OUT.read_text()) if OUT.exists() else {}
    got[number]=said
    OUT.write_text(json.dumps(got, indent=1, ensure_ascii=False))

def test_nothing(outside: Outside):
    said, times = go(outside)
    print(times); keep("0", said)
    print(json.dumps(said, indent=1)[:6000])
    assert not said

NUMBERS = os.environ.get("ONLY","").split(",") if os.environ.get("ONLY") else list(ROWS)
@pytest.mark.parametrize("number", [n for n in NUMBERS if n in ROWS])
def test_rows(number, outside: Outside):
    do(ROWS[number], outside.desk)
    said, times = go(outside)
    print(number, times)
    keep(number, said)

from tests.tampering import deeds_files
@pytest.mark.parametrize("number", list(deeds_files.FILES))
def test_files(number, tmp_path):
    hand = deeds_files.FILES[number]()
    keep(number, deeds_files.what_notices(hand, tmp_path))

from tests.tampering.deeds_log import DEEDS
@pytest.mark.parametrize("number", list(DEEDS))
def test_log(number, outside: Outside):
    outside.visit()
    DEEDS[number](outside)
    said, times = go(outside)
    keep(number, said)
