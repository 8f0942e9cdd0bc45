"""Mailchimp: one campaign a distribution, made, filled, checked and sent once, or handed over for its time.

The campaign's id is recorded as soon as Mailchimp has told it; where that answer is lost, the campaign is found again
by the distribution's id in its internal title, which readers don't see. So every attempt works on one and the same
campaign, and Mailchimp itself refuses to send that twice. Only the sending, or the hand-over, has an effect: what fails
before it was not sent, and after an unknown one the campaign's status tells.

The title is the subject, the body is HTML; `platform_specific` may hold `preview_text`, `plain_text` and a `segment_id`
of its own, and the arms of an experiment (`variate.py`), which are one campaign too: Mailchimp draws who gets which. A
picture is in the HTML, by its address. A sent email can't be changed or taken back.
"""

from pipeline.platforms.mailchimp.adapter import MailchimpAdapter

__all__ = ["MailchimpAdapter"]
