"""A learned week for people: in words, as characters for the terminal, and as a picture. Pure.

How sure an hour is, is told by the size of its square and by a sign, and its worth by colours of one scale from dark
to light (cividis: Nuñez, Anderton and Renslow, PLOS ONE 13(7), 2018), which people with any kind of colour blindness
read alike.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Final

from pipeline.store.posting_hours import LearnedWeek, WeighedHour
from pipeline.writing.picture import Picture

DAY_NAMES: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_SHOWN_DAYS: Final = (1, 2, 3, 4, 5, 6, 0)
_STEPS: Final = ((1.0, "█"), (0.85, "▓"), (0.7, "▒"), (0.0, "░"))
"""From which worth on an hour has which character."""
LEGEND: Final = (
    "█ as good as a good hour or better, ▓ 0.85 of it and more, ▒ 0.7, ░ less;\n"
    "+ surely better than the week as a whole, - surely worse"
)
_LISTED: Final = 5
_WIDTH, _HEIGHT, _DPI = 9.0, 3.4, 100


def clock_of(hour: WeighedHour) -> str:
    """Such as Tue 09:00."""
    return f"{DAY_NAMES[hour.day_of_week]} {hour.hour:02}:00"


def best(week: LearnedWeek, most: int = _LISTED) -> list[WeighedHour]:
    """The hours that are worth most, the best first."""
    return sorted(week.hours, key=lambda hour: -hour.value)[:most]


def in_words(week: LearnedWeek) -> str:
    """What is known, and how surely, in two or three sentences."""
    if not week.hours:
        return (
            f"Not enough data: {week.publications} publications have known figures, which count for "
            f"{week.weight:.0f} recent ones. The platform's default hours are used."
        )
    better = [hour for hour in week.hours if hour.beats_mean]
    worse = [hour for hour in week.hours if hour.beats_mean is False]
    named = ", ".join(f"{clock_of(hour)} ({hour.low:.2f} to {hour.high:.2f})" for hour in best(week))
    said = [f"Learned from {week.publications} publications, at {week.age_hours} hours of age. Best: {named}."]
    if better or worse:
        said.append(
            f"With 95 %, {len(better)} of the week's {len(week.hours)} hours are better than the week as a whole and "
            f"{len(worse)} are worse; the others are not told apart from it."
        )
    else:
        said.append("No hour is told apart from the others: what differs may be chance.")
    return " ".join(said)


def lines(week: LearnedWeek) -> Iterator[str]:
    """The week in characters, a line a day, 76 columns wide; Monday first."""
    yield "    " + "".join(f"{hour:<3}" for hour in range(24)).rstrip()
    by_day = {(hour.day_of_week, hour.hour): hour for hour in week.hours}
    for day in _SHOWN_DAYS:
        cells = (by_day.get((day, hour)) for hour in range(24))
        yield f"{DAY_NAMES[day]} " + "".join(_cell(cell) for cell in cells).rstrip()


def draw(account_key: str, timezone: str, week: LearnedWeek) -> Picture:
    """The week of an account; of one with enough data."""
    return Picture(_painted(account_key, timezone, week.hours), f"{account_key} ({timezone}). {in_words(week)}")


def _cell(hour: WeighedHour | None) -> str:
    if hour is None:
        return "   "
    character = next(character for least, character in _STEPS if hour.value >= least)
    return f"{character}{_sign(hour)} "


def _sign(hour: WeighedHour) -> str:
    return {True: "+", False: "-", None: " "}[hour.beats_mean]


def _painted(account_key: str, timezone: str, hours: Sequence[WeighedHour]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = {day: place for place, day in enumerate(_SHOWN_DAYS)}
    # The interval's breadth as a factor: at twice and more, nothing much is known of an hour.
    sure = [max(0.12, min(1.0, 1.5 - 0.5 * (hour.high / hour.low if hour.low else 3.0))) for hour in hours]
    squares = axes.scatter(
        [hour.hour for hour in hours],
        [rows[hour.day_of_week] for hour in hours],
        s=[330 * share for share in sure],
        c=[hour.value for hour in hours],
        marker="s",
        cmap="cividis",
        linewidths=0,
    )
    for hour in hours:
        if hour.beats_mean is not None:
            axes.annotate(
                "+" if hour.beats_mean else "\N{MINUS SIGN}",
                (hour.hour, rows[hour.day_of_week]),
                ha="center",
                va="center",
                fontsize=9,
                color="black" if hour.beats_mean else "white",
            )
    axes.set_xticks(range(24), [str(hour) for hour in range(24)])
    axes.set_yticks(range(7), [DAY_NAMES[day] for day in _SHOWN_DAYS])
    axes.set_xlim(-0.6, 23.6)
    axes.set_ylim(6.6, -0.6)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)
    # What people named is no formula of matplotlib's.
    axes.set_title(f"{account_key}, hours of {timezone}".replace("$", r"\$"), fontsize=10, loc="left")
    axes.set_xlabel("the larger, the surer;  + surely better,  \N{MINUS SIGN} surely worse than the week", fontsize=8)
    bar = figure.colorbar(squares, ax=axes, pad=0.01)
    bar.set_label("worth (1: a good hour)", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    target = io.BytesIO()
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
