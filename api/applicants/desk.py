"""Where applicants of cases are recorded, shown masked, and looked at in full with a reason that is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.errors import InsufficientPrivilege
from psycopg_pool import ConnectionPool

from api.applicants.entries import case_entry, full_entry, masked_entry
from api.applicants.schemas import ApplicantStated, MemberStated
from api.errors import NotFoundError
from api.moment import Moment
from api.personal import cipher_of
from api.settings import Settings
from layers import acting, applicants, applications, audit, checks
from layers.applicants import SEALED, Applicant, Member
from layers.applications import Application, Case
from layers.personal_cipher import Cipher, PersonalKeyError, SealBrokenError
from spatial import identity_numbers
from spatial.errors import CuntuError, InputError
from spatial.personal_numbers import refusal

ALL_FIELDS = (*SEALED, "members")
UNREADABLE = (PersonalKeyError, SealBrokenError)
SHORTEST_PHONE, LONGEST_PHONE = 7, 12


class CaseClosedError(CuntuError):
    """这件申请已经办结，不再显示、更改申请人的完整信息。"""


class CaseAcceptedError(CuntuError):
    """这个编号的申请已经受理。"""


class ApplicantDesk:
    """Takes and shows applicants, for whoever acts: only cases of the towns and villages of their seat are there at all."""

    def __init__(
        self, pool: ConnectionPool[Any], settings: Settings, *, cipher: Callable[[Settings], Cipher] = cipher_of
    ) -> None:
        self.pool = pool
        self.settings = settings
        self._cipher = cipher

    def listed(self, *, limit: int, offset: int) -> dict[str, Any]:
        """Return a page of cases with their applicants masked; without the key the cases alone, and why."""
        places = acting.current().places
        with self.pool.connection() as conn:
            found, total = (
                applications.cases(conn, places=places, limit=limit, offset=offset),
                applications.count_cases(conn, places=places),
            )
            entries, unreadable = self._entries(conn, found)
        return {"total": total, "offset": offset, "limit": limit, "unreadable": unreadable, "applications": entries}

    def case(self, case_no: str) -> tuple[Case, dict[str, Any] | None, str | None]:
        """Return a case, its applicant masked (None: not recorded), and why it cannot be read if so; raises UnknownRecordError."""
        with self.pool.connection() as conn:
            case = applications.case(conn, case_no, places=acting.current().places)
            try:
                found = applicants.get(conn, self._cipher(self.settings), case_no)
            except UNREADABLE as error:
                return case, None, str(error)
        return case, None if found is None else masked_entry(found, today=_today()), None

    def masked(self, case_no: str) -> dict[str, Any]:
        """Return the applicant of a case masked; raises UnknownRecordError, NotFoundError, PersonalKeyError."""
        with self.pool.connection() as conn:
            applications.case(conn, case_no, places=acting.current().places)
            found = applicants.get(conn, self._cipher(self.settings), case_no)
        if found is None:
            raise NotFoundError("这件申请还没有登记申请人。")
        return masked_entry(found, today=_today())

    def reveal(self, case_no: str, *, reason: str, fields: Sequence[str] | None) -> dict[str, Any]:
        """Return fields of an applicant in full, and keep that they were looked at, by whom and why, in the same transaction.

        Raises UnknownRecordError, CaseClosedError, NotFoundError, PersonalKeyError, InputError for a reason that holds numbers itself.
        """
        problem = refusal(reason)
        if problem:
            raise InputError(problems=[f"/reason：{problem}"])
        asked = [name for name in ALL_FIELDS if fields is None or name in fields]
        with self.pool.connection() as conn, conn.transaction():
            self._open_case(conn, case_no)
            found = applicants.get(conn, self._cipher(self.settings), case_no)
            if found is None:
                raise NotFoundError("这件申请还没有登记申请人。")
            audit.note(conn, "applicants.reveal", f"application/{case_no}", details={"fields": asked, "reason": reason})
        return full_entry(found, today=_today(), fields=asked)

    def record(self, case_no: str, stated: ApplicantStated) -> tuple[dict[str, Any], bool]:
        """Store the applicant of a case in place of what was there; return it masked, and whether it is the first record.

        Raises UnknownRecordError, CaseClosedError, PersonalKeyError, and InputError naming every field that is wrong.
        """
        cipher = self._cipher(self.settings)
        with self.pool.connection() as conn, conn.transaction():
            case = self._open_case(conn, case_no)
            new = read_applicant(case_no, stated, today=_today(), invented=case.synthetic)
            before = applicants.get(conn, cipher, case_no)
            applicants.save(conn, cipher, [new])
            prints = {"before": applicants.fingerprint(cipher, before), "after": applicants.fingerprint(cipher, new)}
            audit.note(
                conn, "applicants.write", f"application/{case_no}", details={"members": len(new.members)}, **prints
            )
            kept = applicants.get(conn, cipher, case_no)
        return masked_entry(kept or new, today=_today()), before is None

    def search(self, identity_number: str) -> dict[str, Any]:
        """Return the cases, masked, in which somebody applies or is a member of the household; that it was searched is kept, the number is not."""
        cipher = self._cipher(self.settings)
        number = identity_numbers.normal(identity_number)
        problem = identity_numbers.problem(number, today=_today(), invented=True)
        if problem:
            raise InputError(problems=[f"/identity_number：{problem}"])
        with self.pool.connection() as conn, conn.transaction():
            named = applicants.cases_of(conn, cipher, number)
            found = applications.cases(conn, places=acting.current().places, case_nos=named) if named else []
            audit.note(conn, "applicants.search", "application", details={"found": [case.case_no for case in found]})
            entries, unreadable = self._entries(conn, found)
        return {"total": len(entries), "offset": 0, "limit": len(entries), "unreadable": unreadable, "applications": entries}

    def accept(self, check_id: UUID) -> Case:
        """Take the application of a stored check into the register (受理); raises UnknownRecordError, CaseAcceptedError, InputError."""
        with self.pool.connection() as conn, conn.transaction():
            check = checks.get(conn, check_id)
            if check.case_no is None:
                raise InputError(problems=["/check_id：这份审查没有申请编号"])
            if applications.cases(conn, places=None, case_nos=[check.case_no]):
                raise CaseAcceptedError(f"编号 {check.case_no} 的申请已经受理。")
            application = Application(
                case_no=check.case_no,
                properties=check.properties,
                geometry=check.geometry,
                epsg=check.epsg,
                village_code=check.village_code,
            )
            try:
                applications.save(conn, [application])
            except (
                InsufficientPrivilege
            ) as error:  # another town has a case of this number, or the site is not one of this seat's
                raise CaseAcceptedError(
                    f"编号 {check.case_no} 的申请已由其他乡镇受理，或不在本席位所辖范围。"
                ) from error
            found = applications.case(conn, check.case_no, places=acting.current().places)
            audit.note(conn, "applications.accept", f"application/{check.case_no}", details={"check_id": str(check_id)})
        return found

    def close(self, case_no: str, *, outcome: str) -> Case:
        """End a case (办结); raises UnknownRecordError, CaseClosedError."""
        with self.pool.connection() as conn, conn.transaction():
            self._open_case(conn, case_no)
            applications.settle(conn, [case_no])
            audit.note(conn, "applications.close", f"application/{case_no}", details={"outcome": outcome})
            return applications.case(conn, case_no, places=acting.current().places)

    def _open_case(self, conn: Any, case_no: str) -> Case:
        """A case of the places of whoever acts; nobody else changes it until the transaction ends."""
        applications.case(conn, case_no, places=acting.current().places)
        applicants.lock(conn, case_no)
        case = applications.case(conn, case_no, places=acting.current().places)
        if not case.is_open:
            raise CaseClosedError
        return case

    def _entries(self, conn: Any, found: Sequence[Case]) -> tuple[list[dict[str, Any]], str | None]:
        """The cases with those of their applicants that can be read, and why others cannot."""
        try:
            cipher = self._cipher(self.settings)
        except PersonalKeyError as error:
            return [case_entry(case, None) for case in found], str(error)
        people, why = applicants.readable(conn, cipher, [case.case_no for case in found])
        return [case_entry(case, people.get(case.case_no)) for case in found], why


def read_applicant(case_no: str, stated: ApplicantStated, *, today: date, invented: bool) -> Applicant:
    """Check what is stated of an applicant; raises InputError naming every field that is wrong, and repeating none.

    What an identity number says itself (birth, sex) need not be stated; where it is, the two must agree.
    """
    problems: list[str] = []
    told = stated.model_dump(exclude={"members"})
    told |= _person(told, "", problems, today, invented)
    if told["phone"] is not None and not _is_phone(told["phone"]):
        problems.append("/phone：应为 11 位手机号码，或带区号的固定电话")
    members = tuple(_member(member, place, problems, today, invented) for place, member in enumerate(stated.members))
    numbers = [
        number for number in (told["identity_number"], *(member.identity_number for member in members)) if number
    ]
    if len(set(numbers)) < len(numbers):
        problems.append("/members：有两人的身份证号相同")
    if problems:
        raise InputError("申请人信息有误：", problems=problems)
    return Applicant(case_no=case_no, **told, members=members)


def _member(stated: MemberStated, place: int, problems: list[str], today: date, invented: bool) -> Member:
    told = stated.model_dump()
    found = _person({**told, "sex": None}, f"/members/{place}", problems, today, invented)
    return replace(Member(**told), birth=found["birth"])


def _person(told: dict[str, Any], where: str, problems: list[str], today: date, invented: bool) -> dict[str, Any]:
    """Birth and sex, from the number where there is one."""
    number, birth, sex = told["identity_number"], told["birth"], told["sex"]
    for name in ("name", "registered_address", "address", "bounds", "relation"):
        problem = refusal(told.get(name) or "")
        if problem:
            problems.append(f"{where}/{name}：{problem}")
    if birth is not None and not identity_numbers.EARLIEST <= birth <= today:
        problems.append(f"{where}/birth：出生日期有误")
    if number is None:
        return {"birth": birth, "sex": sex}
    problem = identity_numbers.problem(number, today=today, invented=invented)
    if problem:
        problems.append(f"{where}/identity_number：{problem}")
        return {"birth": birth, "sex": sex}
    if birth is not None and birth != identity_numbers.birth(number):
        problems.append(f"{where}/birth：与身份证号中的出生日期不一致")
    if sex is not None and sex != identity_numbers.sex(number):
        problems.append(f"{where}/sex：与身份证号不一致")
    return {"birth": identity_numbers.birth(number), "sex": identity_numbers.sex(number)}


def _is_phone(text: str) -> bool:
    digits = text.replace("-", "")
    return (
        digits.isascii()
        and digits.isdigit()
        and SHORTEST_PHONE <= len(digits) <= LONGEST_PHONE
        and digits[0] in "01"
        and "--" not in text
    )


def _today() -> date:
    return Moment.now().valid_on
