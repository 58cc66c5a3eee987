"""A manifest for a folder of scans lacks names, and nothing else."""

import os
import shutil
import sys

import pytest

from kycaid_async import ConfigurationError
from kycaid_async.bulk.manifest.scans import scans_in
from tests.bulk.manifests import with_pictures

ID = "applicant.external_applicant_id"


def brief(scans):
    return sorted((row[ID], row["type"], row["front_side"], row.get("back_side", "")) for row in scans.rows)


def test_each_folder_is_a_person_and_words_say_the_document_and_the_side(tmp_path):
    with_pictures(
        tmp_path,
        *(
            "000017/passport.png",
            "000017/selfie.png",
            "000018/Führerschein_vorne.png",
            "000018/Führerschein_hinten.png",
        ),
        *("000019/id card front.png", "000019/id card back.png", "000020/IMG_1.png", ".hidden/passport.png"),
    )
    (tmp_path / "000017/notes.txt").write_text("notes")
    scans = scans_in(tmp_path)
    assert brief(scans) == [
        ("000017", "PASSPORT", "000017/passport.png", ""),
        ("000017", "SELFIE_IMAGE", "000017/selfie.png", ""),
        ("000018", "DRIVERS_LICENSE", "000018/Führerschein_vorne.png", "000018/Führerschein_hinten.png"),
        ("000019", "GOVERNMENT_ID", "000019/id card front.png", "000019/id card back.png"),
        ("000020", "", "000020/IMG_1.png", ""),
    ]
    assert (scans.people, scans.without_type, scans.skipped) == (4, 1, 1)
    assert scans_in(tmp_path, document_type="PASSPORT").without_type == 0


def test_a_pattern_says_what_stands_in_names(tmp_path):
    with_pictures(tmp_path, "17_passport_front.png", "17_passport_back.png", "18_DNI_anverso.png", "x.png")
    scans = scans_in(tmp_path, pattern="{external_applicant_id}_{type}_{side}.*")
    assert brief(scans) == [
        ("17", "PASSPORT", "17_passport_front.png", "17_passport_back.png"),
        ("18", "GOVERNMENT_ID", "18_DNI_anverso.png", ""),
    ]
    assert scans.skipped == 1
    with_pictures(tmp_path, "2026/P-9/X1.png")
    (row,) = scans_in(tmp_path, pattern="*/{applicant.external_applicant_id}/{document_number}.png").rows
    assert (row[ID], row["document_number"]) == ("P-9", "X1")


def test_types_sides_and_ids_may_have_the_separator_in_them(tmp_path):
    sides = ("front", "BACK_SIDE")
    names = [f"{person}_DRIVERS_LICENSE_{side}.png" for person in ("000001", "cust_7_b") for side in sides]
    with_pictures(tmp_path, *names, "9_id_card_front.png", "9_id_card_back.png", "x_1_unknown_front.png")
    scans = scans_in(tmp_path, pattern="{external_applicant_id}_{type}_{side}.*")
    assert brief(scans) == [
        ("000001", "DRIVERS_LICENSE", names[0], names[1]),
        ("9", "GOVERNMENT_ID", "9_id_card_front.png", "9_id_card_back.png"),
        ("cust_7_b", "DRIVERS_LICENSE", names[2], names[3]),
        ("x", "", "x_1_unknown_front.png", ""),
    ]


def test_a_side_that_comes_twice_is_another_document_and_a_back_alone_comes_to_the_front(tmp_path):
    with_pictures(tmp_path, "1/passport_front.png", "1/passport_front_2024.png", "2/passport_back.png")
    assert brief(scans_in(tmp_path)) == [
        ("1", "PASSPORT", "1/passport_front.png", ""),
        ("1", "PASSPORT", "1/passport_front_2024.png", ""),
        ("2", "PASSPORT", "2/passport_back.png", ""),
    ]


@pytest.mark.parametrize(
    "pattern", ["*.png", "{type}.png", "{external_applicant_id}{external_applicant_id}", "{key}_{nonsense}"]
)
def test_a_pattern_that_makes_no_sense_is_refused(tmp_path, pattern):
    with pytest.raises(ConfigurationError, match=r"with \{external_applicant_id\}"):
        scans_in(tmp_path, pattern=pattern)


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such names")
def test_a_path_that_would_be_read_as_another_is_left_out_and_counted(tmp_path):
    with_pictures(tmp_path, "2/passport.png", " 3/passport.png", "4/pass\nport.png", "5/passport.png\u200b")
    for name in (b"1\xff", b"1\xfe"):
        (tmp_path / os.fsdecode(name)).mkdir()
        shutil.copy(tmp_path / "2/passport.png", tmp_path / os.fsdecode(name))
        shutil.copy(tmp_path / "2/passport.png", tmp_path / "2" / os.fsdecode(name + b".png"))
    scans = scans_in(tmp_path)
    assert [row["front_side"] for row in scans.rows] == ["2/passport.png"]
    assert (scans.unfit, scans.skipped) == (7, 0)
