"""Reads fifty pages from a server, one a cycle, each by a recorded external call, and keeps their total corrected."""

import asyncio
import os

from converge_cli import Effect, FactModel, Suggestor

PACK = {
    "pack": "v1",
    "name": "fifty",
    "version": "1",
    "description": "Reads fifty pages and adds them up",
    "kinds": {"page": "Page", "total": "Total"},
    "suggestors": ["Reader", "Adder"],
}
PAGES = 50


class Page(FactModel, frozen=True):
    """What a page says."""

    text: str


class Total(FactModel, frozen=True):
    """How many letters the pages have together."""

    letters: int


class Reader(Suggestor):
    """Asks for the next page."""

    name = "reader"
    reads = ("Seeds:text:begin", "Signals:page:*")
    writes = ("Signals:page:*",)

    async def execute(self, view):
        number = len(view.facts("Signals:page:*"))
        if number == PAGES:
            return Effect()
        text = (await view.call({"page": number}, lambda key: fetch(number, key))).decode()
        return Effect([view.propose("Signals", f"page:{number:02}", Page(text=text))])


class Adder(Suggestor):
    """Corrects the total whenever there is a new page."""

    name = "adder"
    reads = ("Signals:page:*",)
    writes = ("Evaluations:total:*",)

    def execute(self, view):
        letters = sum(len(fact.payload.text) for fact in view.facts("Signals:page:*"))
        if not letters:
            return Effect()
        return Effect([view.revise("Evaluations", "total:letters", Total(letters=letters))])


async def fetch(number: int, key: str) -> bytes:
    """Pay for a page."""
    port, case = os.environ["FAULT_SERVER"].split("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(f"{case} {number} {key}\n".encode())
    answer = await reader.readline()
    writer.close()
    if not answer:
        raise ConnectionError("no answer")
    return answer.strip()
