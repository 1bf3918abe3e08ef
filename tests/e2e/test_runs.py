"""`converge runs`: a list that says what it leaves out."""

from typing import Any


def test_a_list_that_was_cut_says_how_to_see_more(converge: Any, project: Any) -> None:
    """Of three runs two are shown; all three need no such line."""
    folder = project.write()
    for _ in range(3):
        converge("run", "small", "--trace", "off", cwd=folder)
    cut, whole = converge("runs", "--limit", "2", cwd=folder).out, converge("runs", cwd=folder).out

    assert ("  the newest 2; more with --limit 20", 4) == (cut.splitlines()[-1], len(cut.splitlines()))
    assert ("more" in whole, len(whole.splitlines())) == (False, 4)


def test_no_run_that_fits_is_not_no_run(converge: Any, project: Any) -> None:
    """Who asks for some runs is told of these, who asks for all is told how to make one."""
    folder = project.write()
    nothing = converge("runs", cwd=folder).out
    converge("run", "small", "--trace", "off", cwd=folder)

    assert "no runs here yet; converge run TRUTH makes one\n" == nothing
    assert "no run here fits\n" == converge("runs", "--truth", "large", cwd=folder).out
