from __future__ import annotations

from click.testing import CliRunner

from qie_batch.cli.template import template


def test_the_command_that_is_shown_reads_the_export_as_it_was_read(tmp_path):
    export = tmp_path / "export.csv"
    export.write_bytes("Titel;\nsku;bild\nA;rot.jpg\nB;grün.jpg\n".encode("cp1252"))
    options = ["--map", "image=bild", "--encoding", "windows-1252", "--header-line", "2"]
    done = CliRunner().invoke(
        template, ["--from", str(export), *options, "--instruction", "make it brighter"]
    )
    assert done.exit_code == 0, done.output
    shown = done.stderr.splitlines()[-1].partition(": ")[2]
    assert shown == (
        f"qie-batch submit {export} --map image=bild --map id=sku --encoding windows-1252 --header-line 2"
        " --instruction 'make it brighter'"
    )
