"""English names of the styles and situations that ship with the product.

Knows nothing of content: what trainers add keeps the name they gave it.
"""

from __future__ import annotations

from simulator.app.words import Lang
from simulator.domain.persona import Situation, Style

STYLES = {
    "driver": ("Driver", "Fast, cold, decides alone, wants results only"),
    "analytical": ("Analytical", "Slow, precise, cool; wants figures and proof"),
    "amiable": ("Amiable", "Gentle, keeps worries hidden, afraid of risk"),
    "expressive": ("Expressive", "Lively, chatty, jumps topics, cares who else uses it"),
}
SITUATIONS = {
    "first_pitch": ("First visit", "Has no idea who you are"),
    "no_need": ("No need", "Says what they have is enough"),
    "leave_material_only": ("Just leave a brochure", "Wants to be rid of you politely"),
    "doubts_understanding": ("You don't know us", "Doubts that you understand the business"),
    "too_expensive": ("Too expensive", "Finds the quote high and bargains"),
    "signed_competitor": ("Signed elsewhere", "Has a contract with a competitor"),
    "cannot_decide": ("Not my decision", "Others must agree first"),
    "think_about_it": ("I'll think about it", "Hesitates without saying why"),
    "next_month": ("Next month", "Puts it off"),
    "billing_dispute": ("Billing dispute", "The bill is higher than expected"),
    "service_dissatisfied": ("Bad service", "Was let down and complains"),
    "suspension_anger": ("Line suspended", "Furious about being cut off"),
    "phone_answer": ("Answering the phone", ""),
    "phone_cannot_hear": ("Cannot hear", ""),
    "phone_dropped": ("Call dropped", ""),
    "phone_hold": ("Asking to hold", ""),
    "phone_wrong_number": ("Wrong number", ""),
    "call_closing": ("Closing a call", ""),
    "appointment_call": ("Making an appointment", ""),
    "self_introduction": ("Introducing yourself", ""),
    "front_desk_visitor": ("Visitor at the desk", ""),
    "counter_documents": ("Missing documents", ""),
    "system_failure": ("System failure", ""),
    "complaint_intake": ("Taking a complaint", ""),
    "do_not_know": ("Don't know the answer", ""),
    "refuse_request": ("Refusing a request", ""),
    "offer_choice": ("Offering a choice", ""),
    "correct_misunderstanding": ("Clearing a misunderstanding", ""),
    "email_reply": ("Replying by e-mail", ""),
    "callback_resolved": ("Call-back: solved", ""),
    "callback_unresolved": ("Call-back: not solved", ""),
    "callback_new_problem": ("Call-back: new problem", ""),
    "callback_inconvenient": ("Call-back: bad time", ""),
}
_ORDER = {name: place for place, name in enumerate(SITUATIONS)}


def style_name(lang: Lang, style: Style) -> str:
    """The style's name; the trainer's own in Chinese and where no English one is known."""
    return STYLES[style.id][0] if lang == "en" and style.id in STYLES else style.name


def style_summary(lang: Lang, style: Style) -> str:
    """One line on the style."""
    return STYLES[style.id][1] if lang == "en" and style.id in STYLES else style.summary


def situation_name(lang: Lang, situation: Situation) -> str:
    """The situation's name, likewise."""
    known = lang == "en" and situation.id in SITUATIONS
    return SITUATIONS[situation.id][0] if known else situation.name


def situation_summary(lang: Lang, situation: Situation) -> str:
    """One line on the situation; empty where the English name says it all."""
    known = lang == "en" and situation.id in SITUATIONS
    return SITUATIONS[situation.id][1] if known else situation.summary


def place_of(situation_id: str) -> int:
    """Where a situation stands in lists: in the order of a sale, unknown ones last."""
    return _ORDER.get(situation_id, len(_ORDER))
