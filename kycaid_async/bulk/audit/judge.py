"""Judgement on an applicant's rows, by the ledger and by what the server shows: rules without I/O."""

import enum
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import attrs

from kycaid_async.bulk.audit import remarks
from kycaid_async.bulk.audit.result import AuditedRow, AuditResult, AuditStatus
from kycaid_async.bulk.evidence import Doubt, Unreconciled, choose, created
from kycaid_async.bulk.ledger import EntryState, Intent, RowEntry
from kycaid_async.bulk.likeness import Agreement, Likeness, Shown, agreement, differences, is_of_type, likeness
from kycaid_async.errors import KycaidError


@attrs.frozen(kw_only=True)
class View:
    """View of an applicant's documents, as the server shows them."""

    documents: Mapping[str, Shown] = attrs.field(repr=False)
    """By id: those that are listed, and those that were asked for one by one."""
    gone: AbstractSet[str] = frozenset()
    """Documents of which KYCAID itself says that there are none."""
    unanswered: Mapping[str, KycaidError] = attrs.field(factory=dict)
    """Documents that nobody gave an answer about."""
    doubt: str = ""
    """Why there may be more documents than are listed; empty when all are."""


@attrs.define(kw_only=True, eq=False)
class Judge:
    """Judges the rows of one applicant. Use it once."""

    applicant_id: str
    rows: Sequence[AuditedRow]
    entries: Mapping[str, RowEntry]
    """What the ledger knows of all rows of the applicant, those of other manifests too, by digest."""
    view: View
    has_gaps: bool
    """True when rows may have been sent that the ledger does not know."""
    _firsts: dict[str, AuditedRow] = attrs.field(factory=dict)
    """The first of all rows that have one entry: rows that say the same are one."""
    _loose: dict[str, Shown] = attrs.field(init=False, repr=False)
    """Documents that no entry has, as long as no row is found for them."""
    _extra: dict[int, list[str]] = attrs.field(factory=dict)
    """More documents of a row, by its number."""
    _spoken_for: set[str] = attrs.field(factory=set)
    """Loose documents that may be those of rows without an answer."""
    _unclear: set[int] = attrs.field(factory=set)
    """Rows of which one of the loose documents may be a second one."""

    def __attrs_post_init__(self) -> None:
        for row in self.rows:
            if row.entry is not None:
                self._firsts.setdefault(row.entry, row)
        claimed = created(self.entries.values())
        self._loose = {name: shown for name, shown in self.view.documents.items() if name not in claimed}

    def results(self) -> list[AuditResult]:
        """Return a result for each row, and one for each document that no row accounts for."""
        results = {row.number: self._unsettled(row, entry) for row, entry in self._in_state(EntryState.SENT)}
        self._leave_to_unsettled_rows()
        gone = [
            (row, entry) for row, entry in self._in_state(EntryState.CREATED) if entry.document_id in self.view.gone
        ]
        results |= {row.number: self._gone(row, entry) for row, entry in gone}
        others = [row for row in self.rows if row is self._first(row) and self._state(row) in (EntryState.FAILED, None)]
        results |= {row.number: self._not_made(row) for row in others}
        self._hand_out_the_rest()
        there = [(row, entry) for row, entry in self._in_state(EntryState.CREATED) if row.number not in results]
        results |= {row.number: self._created(row, entry) for row, entry in there}
        return [*(self._as(row, results) for row in self.rows), *self._surplus()]

    def _first(self, row: AuditedRow) -> AuditedRow:
        return row if row.entry is None else self._firsts[row.entry]

    def _as(self, row: AuditedRow, results: Mapping[int, AuditResult]) -> AuditResult:
        result = results[self._first(row).number]
        return result if result.number == row.number else attrs.evolve(result, number=row.number, line=row.line)

    def _entry(self, row: AuditedRow) -> RowEntry | None:
        return None if row.entry is None else self.entries.get(row.entry)

    def _state(self, row: AuditedRow) -> EntryState | None:
        entry = self._entry(row)
        return None if entry is None else entry.state

    def _in_state(self, state: EntryState) -> list[tuple[AuditedRow, RowEntry]]:
        firsts = [(row, self._entry(row)) for row in self.rows if row is self._first(row)]
        return [(row, entry) for row, entry in firsts if entry is not None and entry.state is state]

    def _elsewhere(self) -> list[RowEntry]:
        """Return what the ledger knows of rows of this applicant that are not among these."""
        here = {row.entry for row in self.rows}
        return [entry for name, entry in self.entries.items() if name not in here]

    def _result(self, row: AuditedRow, status: AuditStatus, *ids: str | None, remark: remarks.Remark) -> AuditResult:
        return AuditResult(
            status=status,
            number=row.number,
            line=row.line,
            key=row.key,
            applicant_id=self.applicant_id,
            document_ids=tuple(name for name in ids if name is not None),
            reason=remark.reason,
            advice=remark.advice,
        )

    # Rows that were sent and got no answer.

    def _unsettled(self, row: AuditedRow, entry: RowEntry) -> AuditResult:
        fields = _fields(row)
        if self.view.doubt:
            self._perhaps(entry)
            return self._result(row, AuditStatus.UNCERTAIN, remark=remarks.unseen(self.view.doubt, self.applicant_id))
        try:
            made = self._choose(entry, fields)
        except Unreconciled as unclear:
            likely = self._perhaps(entry)
            remark = remarks.unseen(unclear.reason, self.applicant_id)
            return self._result(row, AuditStatus.UNCERTAIN, *likely, remark=remark)
        if made is None:
            return self._result(row, AuditStatus.MISSING, remark=remarks.NOT_MADE)
        del self._loose[made]
        more = [] if self._has_twin(entry) else self._take(entry.intent, fields)
        if more:
            return self._result(row, AuditStatus.TWICE, made, *more, remark=remarks.twice_unsettled(made, more))
        return self._result(row, AuditStatus.AS_SENT, made, remark=remarks.TO_BE_RECORDED)

    def _choose(self, entry: RowEntry, fields: Mapping[str, Any]) -> str | None:
        others = [other for other in self.entries.values() if other is not entry]
        shown = [document for document in self._loose.values() if is_of_type(document, entry.intent)]
        doubt = Doubt(digest=entry.digest, intent=entry.intent, fields=fields, applicant_was_made=True)
        return choose(shown, doubt, others, files_known=not self.has_gaps)

    def _has_twin(self, entry: RowEntry) -> bool:
        """Say whether another row was sent that the server would show alike."""
        others = (other for other in self.entries.values() if other is not entry)
        return any(other.state is EntryState.SENT and other.intent == entry.intent for other in others)

    def _leave_to_unsettled_rows(self) -> None:
        """Let documents that may be those of rows without an answer, here or elsewhere, be no second ones of others."""
        for entry in self._elsewhere():
            if entry.state is EntryState.SENT:
                self._perhaps(entry)
        self._loose = {name: shown for name, shown in self._loose.items() if name not in self._spoken_for}

    def _perhaps(self, entry: RowEntry) -> list[str]:
        """Return the loose documents that may be that of a row without an answer, and keep them from other rows."""
        names = [name for name, shown in self._loose.items() if _fits(shown, entry.intent, {})]
        self._spoken_for.update(names)
        return names

    def _take(self, intent: Intent, fields: Mapping[str, Any]) -> list[str]:
        """Take the loose documents that fit what was sent."""
        names = [name for name, shown in self._loose.items() if _fits(shown, intent, fields)]
        for name in names:
            del self._loose[name]
        return names

    # Rows of which the ledger has no document.

    def _not_made(self, row: AuditedRow) -> AuditResult:
        entry = self._entry(row)
        like = [name for name, shown in self._loose.items() if _is_of_its_own(shown, row, entry)]
        like = [name for name in like if not self._is_second(self._loose[name])]
        for name in like:
            del self._loose[name]
        perhaps_sent = row.refused is None and self.has_gaps
        if like and perhaps_sent:
            return self._result(row, AuditStatus.AS_SENT, *like[:1], remark=remarks.TO_BE_RECORDED)
        if like:
            return self._result(row, AuditStatus.DIFFERENT, *like, remark=remarks.there_unexpectedly(like, row.refused))
        kind = Intent(applicant_id=self.applicant_id, type=_type(row), file_ids={})
        if perhaps_sent and (self.view.doubt or any(is_of_type(shown, kind) for shown in self._loose.values())):
            return self._result(row, AuditStatus.UNCERTAIN, remark=remarks.unseen(remarks.GAPS, self.applicant_id))
        return self._result(
            row, AuditStatus.NOT_SENT, remark=remarks.not_sent(row.refused, self._stands_in_for(row, kind))
        )

    def _is_second(self, shown: Shown) -> bool:
        """Say whether a document is, by its files and fields, a second one of a row that was made."""
        return any(_rank(shown, row, entry) is _Rank.PROVEN for row, entry in self._in_state(EntryState.CREATED))

    def _stands_in_for(self, row: AuditedRow, kind: Intent) -> str | None:
        """Return the document of a row of the same type that is in no manifest any more: this one may be its heir."""
        if row.refused is not None:
            return None
        gone = (entry for entry in self._elsewhere() if entry.state is EntryState.CREATED)
        return next((entry.document_id for entry in gone if entry.intent.type == kind.type), None)

    # Rows of which the ledger has a document.

    def _gone(self, row: AuditedRow, entry: RowEntry) -> AuditResult:
        fitting = [name for name, shown in self._loose.items() if _fits(shown, entry.intent, _fields(row))]
        if not fitting:
            return self._result(row, AuditStatus.MISSING, entry.document_id, remark=remarks.missing(entry.document_id))
        for name in fitting:
            del self._loose[name]
        if len(fitting) > 1:
            return self._result(
                row, AuditStatus.TWICE, *fitting, remark=remarks.twice_unsettled(fitting[0], fitting[1:])
            )
        return self._result(row, AuditStatus.AS_SENT, *fitting, remark=remarks.OTHER_ID)

    def _created(self, row: AuditedRow, entry: RowEntry) -> AuditResult:
        name, extra = entry.document_id or "", self._extra.get(row.number, [])
        shown = self.view.documents.get(name)
        if shown is None:
            reason = str(self.view.unanswered.get(name, self.view.doubt))
            return self._result(row, AuditStatus.UNCERTAIN, name, remark=remarks.unanswered(reason))
        if other := self._differences(shown, row, entry):
            return self._result(row, AuditStatus.DIFFERENT, name, *extra, remark=remarks.different(name, other))
        if row.was_changed:
            return self._result(row, AuditStatus.DIFFERENT, name, *extra, remark=remarks.CHANGED)
        if extra:
            return self._result(row, AuditStatus.TWICE, name, *extra, remark=remarks.twice(name, extra))
        doubt = self._doubt(shown, row, entry)
        return self._result(row, AuditStatus.UNCERTAIN if doubt.reason else AuditStatus.AS_SENT, name, remark=doubt)

    def _doubt(self, shown: Shown, row: AuditedRow, entry: RowEntry) -> remarks.Remark:
        """Return why it cannot be told whether a document is there as sent, and once; nothing when it can."""
        if likeness(shown, entry.intent) is not Likeness.SAME:
            return remarks.unseen(remarks.HIDDEN, self.applicant_id)
        second = self.view.doubt or (remarks.SECOND_HIDDEN if row.number in self._unclear else "")
        return remarks.unseen_second(second, self.applicant_id) if second else remarks.Remark()

    def _differences(self, shown: Shown, row: AuditedRow, entry: RowEntry) -> list[str]:
        owner = ["applicant_id"] if shown.get("applicant_id") not in (None, entry.intent.applicant_id) else []
        return owner + differences(shown, entry.intent, _fields(row))

    # Documents that no row has so far.

    def _hand_out_the_rest(self) -> None:
        """Give each loose document to the row of which it is most likely a second one, if it may be one of any."""
        rows = self._in_state(EntryState.CREATED)
        for name, shown in list(self._loose.items()):
            ranks = [(rank, row.number) for row, entry in rows if (rank := _rank(shown, row, entry)) is not None]
            if any(_fits(shown, entry.intent, {}) for entry in self._elsewhere()):
                ranks.append((_Rank.ELSEWHERE, -1))
            if not ranks:
                continue
            del self._loose[name]
            best, number = min(ranks)
            if best is _Rank.HIDDEN:
                self._unclear.update(other for rank, other in ranks if rank is _Rank.HIDDEN)
            elif best is not _Rank.ELSEWHERE:
                self._extra.setdefault(number, []).append(name)

    def _surplus(self) -> list[AuditResult]:
        if not any(row.made_here for row in self.rows):
            return []
        remark = remarks.SURPLUS
        return [
            AuditResult(
                status=AuditStatus.SURPLUS,
                applicant_id=self.applicant_id,
                document_ids=(name,),
                reason=remark.reason,
                advice=remark.advice,
            )
            for name in self._loose
        ]


class _Rank(enum.IntEnum):
    """Rank of a document as a second one of a row, the most likely first."""

    PROVEN = enum.auto()
    SAME_SAID = enum.auto()
    """It says the same, and has other files."""
    SAME_FILES = enum.auto()
    ELSEWHERE = enum.auto()
    """It fits what the ledger knows of a row that is not among these."""
    OTHER_SAID = enum.auto()
    """It has the same files, which were uploaded for this ledger, and says something else."""
    HIDDEN = enum.auto()
    """It does not show enough."""


def _rank(shown: Shown, row: AuditedRow, entry: RowEntry) -> _Rank | None:
    """Return how likely a document is a second one of a row; None when it is none."""
    fields, intent = _fields(row), entry.intent
    like, agrees = likeness(shown, intent), agreement(shown, fields)
    if is_of_type(shown, intent) and agrees is Agreement.PROVEN:
        return _Rank.PROVEN if like is Likeness.SAME else _Rank.SAME_SAID
    if like is Likeness.SAME and agrees is Agreement.POSSIBLE:
        return _Rank.SAME_FILES
    if like is Likeness.SAME:
        return _Rank.OTHER_SAID if intent.file_ids else None
    return _Rank.HIDDEN if like is Likeness.UNCLEAR and not differences(shown, intent, fields) else None


def _fits(shown: Shown, intent: Intent, fields: Mapping[str, Any]) -> bool:
    return likeness(shown, intent) is Likeness.SAME and agreement(shown, fields) is not Agreement.NONE


def _is_of_its_own(shown: Shown, row: AuditedRow, entry: RowEntry | None) -> bool:
    """Say whether a document is what a row of which the ledger has none would make."""
    fields = _fields(row)
    if entry is not None and entry.intent.type and _fits(shown, entry.intent, fields):
        return True
    kind = Intent(applicant_id="", type=_type(row), file_ids={})
    return is_of_type(shown, kind) and agreement(shown, fields) is Agreement.PROVEN


def _fields(row: AuditedRow) -> Mapping[str, Any]:
    """Return what was sent beside the files, as far as that is known still."""
    return {} if row.was_changed else row.document


def _type(row: AuditedRow) -> str:
    return str(row.document.get("type", ""))
