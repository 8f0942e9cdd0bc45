"""A book in memory, for tests of writers that need no database."""

from dataclasses import dataclass, field

from pipeline.writing.calls import Answer, Call, Usage


@dataclass
class MemoryBook:
    """Keeps the bills in order. `under_way` is what has been admitted and not ended."""

    bills: list[Usage] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    under_way: int = 0

    def answer(self, key: str) -> Answer | None:
        return self.answers.get(key)

    def admit(self, call: Call) -> "MemoryEntry":
        self.under_way += 1
        self.calls.append(call)
        return MemoryEntry(self, call)


@dataclass
class MemoryEntry:
    book: MemoryBook
    call: Call

    def keep(self, usage: Usage, answer: Answer | None) -> None:
        self.book.under_way -= 1
        self.book.bills.append(usage)
        if answer is not None:
            self.book.answers[self.call.key] = answer
