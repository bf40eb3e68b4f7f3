"""
The payload of an act: one frozen Struct per shape (contract §3). An act names its shape in the catalogue.

Wrong types are refused; unknown members are kept (the payload is stored verbatim) and ignored, except in what grants
authority, where ignoring one would widen the grant. Everything is optional that an act can be understood without: its
absence is then a question for the rules, not a fault of form.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from contracts.envelope import EventId, RoleName, Source
from contracts.moments import Day, Moment
from contracts.references import (
    Account,
    Actor,
    Agency,
    ControlScope,
    Employer,
    Finding,
    Grant,
    Grantee,
    Holder,
    Human,
    Organisation,
    Party,
    Person,
    Post,
    Project,
    Unit,
)

Money = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?$(?!\n)",
        description='a decimal string of 0 or more with at most two places, such as "128000.00"',
    ),
]
SignedMoney = Annotated[
    str,
    Meta(
        pattern=r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?$(?!\n)",
        description='a decimal string with at most two places, such as "-1200.50"',
    ),
]
Decimal = Annotated[
    str, Meta(pattern=r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?$(?!\n)", description="a decimal string")
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="a SHA-256 in 64 lower-case hex digits")]
Text = Annotated[str, Meta(max_length=8000)]
Bare = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$(?!\n)",
        description="a bare id of 1 to 128 characters, none of them a control",
        extra={"mark": "id"},
    ),
]
VerifierKey = Annotated[
    str,
    Meta(
        max_length=1024,
        pattern=r"^[^\s+\x00-\x1f\x7f-\x9f]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$(?!\n)",
        description="a C2SP verifier key: `<origin>+<key id>+<base64>`",
    ),
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="an ISO 4217 code")]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Year = Annotated[int, Meta(ge=1949, le=9999)]
ActName = Annotated[str, Meta(min_length=1, max_length=128, description="an act of the catalogue")]
Result = Literal["pass", "fail", "revise"]
Method = Literal[
    "open_tender",
    "invited_tender",
    "negotiation",
    "consultation",
    "quotation",
    "single_source",
    "framework",
    "framework_call",
    "innovation",
    "e_marketplace",
    "agreement_supply",
    "self_organised",
]
Organising = Literal["central", "decentralised", "below_threshold"]
Relation = Literal["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"]


class Part(Struct, frozen=True, kw_only=True):
    """Something inside a payload."""


class Participant(Part, frozen=True, kw_only=True):
    """One of the people of an act. Without a `role` of their own they exercise the act's."""

    actor: Actor
    role: RoleName | None = None
    capacity: Literal["lead", "member", "handler", "observer", "countersigner", "attendee"] | None = None
    function: Literal["procurement", "finance", "business", "supervision", "legal", "user", "expert"] | None = None
    signed: bool | None = None


class Document(Part, frozen=True, kw_only=True):
    """A document by its digest: the ledger stores no documents. `kind` is one of the policy row `chn.file_kinds`."""

    name: Text | None = None
    kind: Bare | None = None
    sha256: Sha256
    uri: Text | None = None


class Item(Part, frozen=True, kw_only=True):
    """A line of a requirement, contract or acceptance, or a head of a review."""

    name: Text
    category: Bare | None = None
    quantity: Count | Decimal | None = None
    unit_price: Money | None = None
    result: Result | None = None


class Issue(Part, frozen=True, kw_only=True):
    """What a reviewer or inspector coded, e.g. `NEG-01`."""

    rule: Bare
    detail: Text | None = None
    resolved: bool | None = None


class Version(Part, frozen=True, kw_only=True):
    """An object at a version: what something was made from."""

    object: Bare
    version: Bare


class Key(Part, frozen=True, kw_only=True):
    """The idempotency key of another act."""

    source: Source
    id: EventId


class Days(Part, frozen=True, kw_only=True):
    """A period in calendar or working days."""

    days: Count
    working: bool = False


class Payload(Struct, frozen=True, kw_only=True):
    """What any act may carry. Money is in `currency` (CNY unless given)."""

    object: Bare | None = None
    amount: Money | None = None
    currency: Currency | None = None
    participants: list[Participant] = []
    documents: list[Document] = []
    items: list[Item] = []
    issues: list[Issue] = []
    result: Result | None = None
    version: Bare | None = None
    based_on: list[Version] = []
    reason: Text | None = None
    note: Text | None = None
    late_entry_reason: Text | None = None


# Units, people, posts


class UnitRegister(Payload, frozen=True, kw_only=True):
    name: Text | None = None
    parent: Unit | None = None
    kind: Literal["purchaser", "finance_department", "central_purchasing_body", "other"] | None = None
    jurisdiction: Bare | None = None


class PersonRegister(Payload, frozen=True, kw_only=True):
    employer: Employer | None = None
    pseudonym: Text | None = None


class SupplierRegister(Payload, frozen=True, kw_only=True):
    name: Text | None = None
    code: Bare | None = None


class AccountLink(Payload, frozen=True, kw_only=True):
    account: Account
    person: Person
    evidence: Text | None = None


class AccountUnlink(Payload, frozen=True, kw_only=True):
    account: Account
    person: Person | None = None


class Shareholder(Part, frozen=True, kw_only=True):
    holder: Party
    share: Decimal | None = None


class SupplierSnapshot(Payload, frozen=True, kw_only=True):
    legal_representative: Party | None = None
    head: Party | None = None
    shareholders: list[Shareholder] = []
    controllers: list[Party] = []
    directors: list[Party] = []
    size: Literal["micro", "small", "medium", "large"] | None = None


class PolicyValue(Part, frozen=True, kw_only=True):
    key: Bare
    value: Any


class Reserved(Part, frozen=True, kw_only=True):
    """A matter that only a body may decide, from an amount on."""

    act: ActName
    amount_from: Money | None = None


class Responsibility(Part, frozen=True, kw_only=True):
    """Who answers for the grant and who for its exercise."""

    grantor: Text | None = None
    grantee: Text | None = None


class SetupPolicy(Payload, frozen=True, kw_only=True):
    policy: Bare | None = None
    stages: list[Bare] = []
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    policies: list[PolicyValue] = []
    reserved: list[Reserved] = []
    responsibility: Responsibility | Text | None = None


class PostDefine(Payload, frozen=True, kw_only=True):
    post: Post
    name: Text | None = None
    key_post: bool | None = None
    designation: (
        Literal[
            "head",
            "lead_department",
            "procurement_officer",
            "executive_in_charge",
            "requesting",
            "finance",
            "supervision",
            "legal",
            "other",
        ]
        | None
    ) = None
    acts: list[ActName] = []


class PostTerm(Payload, rename={"from_": "from"}, frozen=True, kw_only=True):
    """`from` in, `until` out for instants; a bare last day is included."""

    post: Post
    person: Human
    from_: Moment | None = None
    until: Moment | None = None


class PersonReview(Payload, frozen=True, kw_only=True):
    person: Human | None = None
    post: Post | None = None


class RoleTerm(Payload, rename={"from_": "from"}, frozen=True, kw_only=True):
    person: Human
    role: RoleName
    from_: Moment | None = None
    until: Moment | None = None


class ControlRegister(Payload, frozen=True, kw_only=True):
    rule: Bare | None = None
    rules: list[Bare] = []
    scope: ControlScope | None = None
    control: Text | None = None
    owner: Human | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None


# Authority


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a grant covers. An absent axis is as the parent's. An unknown one is refused: ignoring it would widen it."""

    units: list[Unit] | None = None
    include_subordinates: bool | None = None
    projects: list[Project] | None = None
    stages: list[Bare] | None = None
    acts: list[ActName] | None = None
    categories: list[Bare] | None = None
    methods: list[Method] | None = None


class Basis(Part, frozen=True, kw_only=True):
    kind: Literal["statute", "appointment", "rules_of_procedure"] | None = None
    document: Text | None = None


class AuthVest(Payload, frozen=True, kw_only=True):
    """Original authority: a root, with what shows it."""

    grant: Grant
    holder: Holder
    basis: Basis | None = None
    scope: Scope | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    reserved: list[Reserved] = []


Condition = Annotated[
    str,
    Meta(
        pattern=r"^(concurrence:[a-z][a-z0-9_]*|collective_decision|legal_review)$(?!\n)",
        description="`concurrence:<role>`, `collective_decision` or `legal_review`",
    ),
]


class Instrument(Part, frozen=True, kw_only=True):
    """The paper the grant is written on. `date` is when it was made."""

    no: Text | None = None
    date: Day | None = None
    sha256: Sha256 | None = None


class AuthGrant(Payload, frozen=True, kw_only=True):
    """
    A delegation of authority. `parent` absent: the grantor's own root; `grantor` absent: the actor.

    A grant is never edited: it ends, and another replaces it.
    """

    grant: Grant
    kind: Literal["general", "special"] | None = None
    parent: Grant | None = None
    grantor: Holder | None = None
    grantee: Grantee
    scope: Scope | None = None
    ceiling_item: Money | None = None
    ceiling_total: Money | None = None
    total_basis: Literal["committed", "paid"] | None = None
    total_window: Literal["term", "fiscal_year"] | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    sub_delegable: bool | None = None
    sub_depth: Count | None = None
    sub_acts: list[ActName] | None = None
    personal_only: bool | None = None
    conditions: list[Condition] = []
    instrument: Instrument | None = None
    responsibility: Responsibility | Text | None = None
    supersedes: Grant | None = None


class AuthChange(Payload, frozen=True, kw_only=True):
    """Accept, suspend, resume or revoke a grant; `effective_at` absent: at the act's own time."""

    grant: Grant
    effective_at: Moment | None = None
    notified_at: Moment | None = None


class AuthRatify(Payload, frozen=True, kw_only=True):
    act: Key


class ActingAppoint(Payload, rename={"from_": "from"}, frozen=True, kw_only=True):
    acting: Bare
    principal: Human
    substitute: Human
    grants: list[Grant] = []
    acts: list[ActName] | None = None
    ceiling_item: Money | None = None
    from_: Moment | None = None
    until: Moment | None = None


class ActingEnd(Payload, frozen=True, kw_only=True):
    acting: Bare


# Interests


class DeclaredRelation(Part, rename={"from_": "from"}, frozen=True, kw_only=True):
    supplier: Organisation | None = None
    relation: Relation
    relative: Human | None = None
    from_: Moment | None = None
    until: Moment | None = None
    detail: Text | None = None


class CoiDeclare(Payload, frozen=True, kw_only=True):
    declarant: Human | None = None
    none: bool | None = None
    relations: list[DeclaredRelation] = []


class RelationRecord(Payload, rename={"from_": "from"}, frozen=True, kw_only=True):
    person: Human
    supplier: Organisation | None = None
    relative: Human | None = None
    relation: Relation
    from_: Moment | None = None
    until: Moment | None = None
    evidence: Literal["hr", "social_insurance", "registry", "report", "self"] | None = None
    confidence: Bare | None = None


class Recusal(Payload, frozen=True, kw_only=True):
    recusal: Bare | None = None
    person: Human | None = None
    supplier: Organisation | None = None
    by: Literal["self", "supplier", "unit"] | None = None
    decision: Literal["recuse", "stay"] | None = None
    replacement: Human | None = None


class ParticipantRecord(Payload, rename={"as_": "as"}, frozen=True, kw_only=True):
    supplier: Organisation
    as_: Literal["bidder", "consortium_member", "subcontractor", "prior_service"] | None = None


# The project, from opening to plan


class Joint(Part, frozen=True, kw_only=True):
    """Joint procurement, separate contracts (集采分签)."""

    lead: Unit
    members: list[Unit] = []


class ProjectOpen(Payload, frozen=True, kw_only=True):
    title: Text | None = None
    category: Bare | None = None
    kind: Literal["goods", "services", "works"] | None = None
    organisation: Organising | None = None
    method: Method | None = None
    budget_project: Bare | None = None
    fiscal_year: Year | None = None
    public_service: bool | None = None
    complex: bool | None = None
    urgent: bool | None = None
    joint: Joint | None = None


class ProjectClose(Payload, frozen=True, kw_only=True):
    outcome: Literal["completed", "failed", "cancelled"] | None = None


class Plan(Payload, frozen=True, kw_only=True):
    """`method` and `organisation` may be restated; what was said last before a moment holds at it."""

    method: Method | None = None
    organisation: Organising | None = None
    ground: Text | None = None
    sme_set_aside: Literal["whole", "part", "none"] | None = None


class ReqSurvey(Payload, frozen=True, kw_only=True):
    respondents: Count | None = None


class ReqReview(Payload, frozen=True, kw_only=True):
    kind: Literal["general", "in_depth"] | None = None


class AgencySign(Payload, frozen=True, kw_only=True):
    agency: Agency | None = None
    acts: list[ActName] | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None


# Documents, notices, evaluation, award


class ProcurementDocument(Payload, frozen=True, kw_only=True):
    price_weight: Decimal | None = None


class Publication(Payload, frozen=True, kw_only=True):
    channel: Text | None = None
    uri: Text | None = None
    contents: list[Bare] | None = None
    until: Moment | None = None
    price_ceiling: Money | None = None
    bid_deadline: Moment | None = None
    document_until: Moment | None = None
    planned_start: Moment | None = None


class DocClarify(Payload, frozen=True, kw_only=True):
    bid_deadline: Moment | None = None
    affects_result: bool | None = None


class BidOpen(Payload, frozen=True, kw_only=True):
    suppliers: list[Organisation] = []


class Ranked(Part, frozen=True, kw_only=True):
    supplier: Organisation
    price: Money | None = None
    score: Decimal | None = None
    examined: bool | None = None


class EvalPerform(Payload, frozen=True, kw_only=True):
    """`ranking` is best first; `experts` counts the outside experts; `drawn` says they were drawn by lot."""

    ranking: list[Ranked] = []
    recommended: Organisation | None = None
    experts: Count | None = None
    drawn: bool | None = None


class Payee(Part, frozen=True, kw_only=True):
    supplier: Organisation | None = None
    account_sha256: Sha256 | None = None


class AwardDecide(Payload, frozen=True, kw_only=True):
    """`reason` is needed off the first rank."""

    reason: (
        Literal["withdrew", "unable", "bad_record", "challenge_upheld", "sample_test", "site_visit", "other"] | None
    ) = None
    supplier: Organisation | None = None


# Contract, delivery, acceptance, payment


class ContractSign(Payload, frozen=True, kw_only=True):
    contract: Bare | None = None
    supplier: Organisation | None = None
    payee: Payee | None = None
    payment_days: Count | None = None
    advance: Money | None = None
    acceptance_due: Days | Day | None = None
    acceptance_scheme: bool | None = None
    performance_security_refund: Days | None = None
    agency_authorisation: Text | None = None


class ContractAmend(Payload, frozen=True, kw_only=True):
    """
    `object` is the supplement, `contract` what it amends, `amount` the supplement's own: it may be negative.

    `performance_security_refund`: when the security is returned, where the supplement says so and the contract did not.
    """

    contract: Bare | None = None
    amount: SignedMoney | None = None
    supplier: Organisation | None = None
    performance_security_refund: Days | None = None


class ContractAct(Payload, frozen=True, kw_only=True):
    contract: Bare | None = None
    supplier: Organisation | None = None


class Acceptance(Payload, frozen=True, kw_only=True):
    contract: Bare | None = None
    acceptance: Bare | None = None


class Payment(Payload, frozen=True, kw_only=True):
    payment: Bare | None = None
    contract: Bare | None = None
    acceptance: Bare | None = None
    invoice: Bare | None = None
    payee: Payee | None = None
    external_id: Bare | None = None


class PayeeMaintain(Payload, rename={"from_": "from"}, frozen=True, kw_only=True):
    """`contract`: whose claim is assigned, where the payee is another than the contract's supplier."""

    contract: Bare | None = None
    payee: Payee | None = None
    from_: Moment | None = None


class Security(Payload, frozen=True, kw_only=True):
    security: Bare | None = None
    supplier: Organisation | None = None
    contract: Bare | None = None
    kind: Literal["bid", "performance", "retention", "wages", "other"] | None = None
    form: Literal["guarantee", "transfer", "cash"] | None = None
    due: Moment | None = None


# Remedies, supervision, the file


class Remedy(Payload, frozen=True, kw_only=True):
    challenge: Bare | None = None
    inquiry: Bare | None = None
    complaint: Bare | None = None
    by: Organisation | None = None
    affects_result: bool | None = None


class Supervision(Payload, frozen=True, kw_only=True):
    inspection: Bare | None = None
    due: Moment | None = None


class FileArchive(Payload, frozen=True, kw_only=True):
    retain_until: Moment | None = None


class ReportPublish(Publication, frozen=True, kw_only=True):
    kind: Literal["overdue_payments", "appraisal", "statistics"] | None = None
    year: Year | None = None


# Oversight


class Counts(Part, frozen=True, kw_only=True):
    new: Count = 0
    open: Count = 0
    closed: Count = 0
    undetermined: Count = 0


class ScanExecute(Payload, frozen=True, kw_only=True):
    date: Day | None = None
    policy_version: Bare | None = None
    inputs_sha256: Sha256 | None = None
    counts: Counts | None = None


class FindingDispose(Payload, frozen=True, kw_only=True):
    finding: Finding
    disposition: Literal["acknowledged", "mitigated", "waived", "ratified", "false_positive", "referred"]
    control: Bare | None = None
    valid_until: Moment | None = None
    due: Moment | None = None


class Indicator(Part, frozen=True, kw_only=True):
    code: Bare
    value: Decimal | None = None
    numerator: list[Count] = []
    denominator: list[Count] = []


class AppraisalPublish(Publication, frozen=True, kw_only=True):
    year: Year | None = None
    score: Decimal | None = None
    grade: Bare | None = None
    indicators: list[Indicator] = []


class CatalogueExtend(Payload, frozen=True, kw_only=True):
    """A catalogue pack, in the form of the catalogue itself (`contracts.catalogue`)."""

    pack: Bare
    acts: dict[str, list[Any]] = {}
    roles: dict[str, list[str]] = {}
    incompatible: dict[str, list[Any]] = {}
    incompatible_every: dict[str, Any] | None = None
    policies: list[dict[str, Any]] = []


class StampRenewal(Payload, frozen=True, kw_only=True):
    """
    The time stamp that `authority` (a URL) gave of the signed checkpoint of `size` acts, committed to once more.

    A later stamp, of a checkpoint with this act in it, then says that both were there: the note and the response to it.
    """

    size: Count
    authority: Text
    note_sha256: Sha256
    response_sha256: Sha256


class LogRotateKey(Payload, frozen=True, kw_only=True):
    """The log signs with `vkey`, too, and will soon no longer sign with the key that it `retires`."""

    vkey: VerifierKey
    retires: VerifierKey


class LogSucceed(Payload, frozen=True, kw_only=True):
    """
    The first act of a log that goes on where `predecessor` was frozen: with `size` acts under `root` (base64).

    `checkpoint` is the predecessor's final one, a signed note. Where the log's key is not to be trusted any more, this
    is what the old log can be held to.
    """

    predecessor: Bare
    size: Count
    root: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$(?!\n)", description="32 bytes in base64")]
    checkpoint: Text


class ActRefuse(Payload, frozen=True, kw_only=True):
    """
    What was refused, and why: `issues` names the rules. `amount` is what the refused act would have been worth.

    The refused act itself is recorded nowhere; its `type`, `actor` and `authority` are repeated here for whoever asks.
    """

    act: Key | None = None
    type: ActName | None = None
    actor: Actor | None = None
    authority: Grant | None = None
    amount: SignedMoney | None = None


class ActCorrect(Payload, frozen=True, kw_only=True):
    """`fields` replaces members of the corrected act; `void` withdraws it. Both stay readable."""

    corrects: Key | None = None
    fields: dict[str, Any] = {}
    void: bool = False


class DataErase(Payload, frozen=True, kw_only=True):
    target: Key
    legal_basis: Text | None = None
