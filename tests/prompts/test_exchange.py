"""Fragments, and versions that travel as files."""

from pathlib import Path

import pytest
from wordings import TEXT, put

from prompts.errors import PromptError, VersionError
from prompts.exchange import export, take
from prompts.library import Library
from prompts.versions import Versions
from retrieval.database import Connections


def test_a_fragment_is_versioned_with_the_prompts_that_include_it(versions: Versions) -> None:
    assert versions.write_fragment("voice", "Be brief.", "ann") == []
    spoken = versions.publish(TEXT.replace("Hello", "{% include 'voice' %}\nHello"), "ann")
    assert versions.using("voice") == []
    versions.move(spoken, "production", "rob")
    assert [version.title for version in versions.using("voice")] == ["greet@2"]
    (made,) = versions.write_fragment("voice", "Be kind, {{ who }}.", "ann", "the brand's new voice")
    assert (made.title, versions.find("greet").title) == ("greet@3", "greet@2")
    given = {"who": "Ann", "mood": "well"}
    assert versions.text(made).render(**given)[0]["content"] == "Be kind, Ann.\nHello Ann, well."
    assert versions.text(spoken).render(**given)[0]["content"] == "Be brief.\nHello Ann, well."
    with pytest.raises(
        PromptError, match="fragment 'voice', as greet@2 with voice includes it, line 1: variable 'age'"
    ):
        versions.write_fragment("voice", "{{ age }}", "ann")
    assert versions.fragments() == {"voice": "Be kind, {{ who }}."}
    assert versions.write_fragment("voice", "Be brief.", "ann") == []  # greet@2 is just that already
    assert versions.fragments() == {"voice": "Be brief."}


def test_versions_travel_byte_for_byte(versions: Versions, files: Library, tmp_path: Path) -> None:
    versions.write_fragment("voice", "Be brief.\r\n", "ann")
    odd = TEXT.replace("Hello", "{% include 'voice' %}\nGrüezi\t").replace("tests", "Zoë").removesuffix("\n")
    versions.publish(odd, "ann")
    versions.write_fragment("voice", "Be kind.", "ann")
    assert export(versions, tmp_path / "out").versions == 3
    other = Connections(tmp_path / "other.db")
    taken = Versions(other, files)
    assert [version.title for version in take(taken, tmp_path / "out", "bob").new] == ["greet@1", "greet@2", "guess@1"]
    assert [(v.title, v.hash) for v in taken.all()] == [(v.title, v.hash) for v in versions.all()]
    assert taken.text(taken.find("greet@2")).content == odd
    assert export(taken, tmp_path / "again").versions == 3
    for path in (tmp_path / "out").rglob("*.md"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes()
    assert take(taken, tmp_path / "out", "bob").new == ()
    changed = tmp_path / "out" / "greet" / "002.md"
    changed.write_bytes(changed.read_bytes().replace(b"Hello", b"Hallo").replace(b"max_tokens: 12", b"max_tokens: 9"))
    with pytest.raises(VersionError, match=r"greet/002.md is not the text that versions.yaml names"):
        take(taken, tmp_path / "out", "bob")
    with pytest.raises(VersionError, match="There are no prompts in"):
        take(taken, tmp_path / "other", "bob")
    other.close()


def test_what_people_wrote_of_a_fragment_stays_the_newest(
    versions: Versions, connections: Connections, tmp_path: Path
) -> None:
    (tmp_path / "files" / "fragments").mkdir()
    voice = tmp_path / "files" / "fragments" / "voice.md"
    voice.write_text("Be brief.")
    versions.adopt(Library(tmp_path / "files"))
    spoken = versions.publish(TEXT.replace("Hello", "{% include 'voice' %}\nHello"), "ann")
    export(versions, tmp_path / "out")
    versions.move(spoken, "production", "rob")
    versions.write_fragment("voice", "Be kind.", "ann")
    versions.adopt(Library(tmp_path / "files"))  # as every start does
    assert versions.fragments() == {"voice": "Be kind."}
    voice.write_text("Be formal.")  # an upgrade
    versions.adopt(Library(tmp_path / "files"))
    assert versions.fragments() == {"voice": "Be kind."}
    take(versions, tmp_path / "out", "bob")
    assert versions.fragments() == {"voice": "Be kind."}
    versions.write_fragment("voice", "Be brief.", "ann")
    assert versions.fragments() == {"voice": "Be brief."}


def test_a_fragments_name_leads_out_of_no_folder(versions: Versions, tmp_path: Path) -> None:
    for name in ("../voice", "my voice", ""):
        with pytest.raises(VersionError, match="A fragment's name has letters"):
            versions.write_fragment(name, "Be brief.", "ann")
    with pytest.raises(VersionError, match="The fragment voice has no text"):
        versions.write_fragment("voice", " \n", "ann")
    put(tmp_path / "in", "greet", 1, TEXT.replace("Hello", "{% include '../../voice' %}\nHello"))
    put(tmp_path / "in", "fragments", 1, "Be brief.")
    manifest = tmp_path / "in" / "versions.yaml"
    manifest.write_text("- {version: greet@1, hash: x, fragments: {'../../voice': '001'}}")
    with pytest.raises(VersionError, match=r"versions.yaml is not as it was exported"):
        take(versions, tmp_path / "in", "bob")
    manifest.write_text("- {version: greet@1, hash: x, fragments: {voice: gone}}")
    with pytest.raises(VersionError, match=r"versions.yaml names fragments/gone.md, which is not there"):
        take(versions, tmp_path / "in", "bob")
    (tmp_path / "in" / "greet" / "001.md").write_bytes(b"\xff\xfe")
    manifest.unlink()
    with pytest.raises(PromptError, match=r"greet/001.md, line 1: it is not UTF-8"):
        take(versions, tmp_path / "in", "bob")
