"""A version whose experiment tries hours is placed in them and in no other; the others go on as before."""

from dataclasses import replace

from pipeline.scheduling.choose import choose
from pipeline.timing import PostingHour
from pipeline.vocabulary import TimingStrategy
from pipeline_tests.scheduling.worlds import NOW, account, at, by_id, hours, item

EVENING = frozenset({PostingHour(1, 20), PostingHour(1, 21)})


def chosen(items, *accounts):
    return choose(items, by_id(*accounts), now=NOW)


def test_a_version_goes_out_in_the_hours_of_its_arm_though_another_is_worth_more():
    x = account(1, hours(9, 20), worth={9: 1.0, 20: 0.2})
    tried, other = item("tried", x, is_evergreen=True), item("other", x, is_evergreen=True)
    x = replace(x, hours_of={tried.versions[0].distribution_id: EVENING})
    assert [each.at for each in chosen([tried], x).placements] == [at(20)]
    assert {each.canonical_id: each.at for each in chosen([tried, other], x).placements} == {
        "tried": at(20),
        "other": at(9),
    }


def test_with_its_home_it_goes_out_later_where_the_homes_hour_is_not_its_own():
    home, x = account(1, hours(9), is_home=True), account(2, hours(9, 20))
    both = item("p", home, x, timing=TimingStrategy.SIMULTANEOUS)
    x = replace(x, hours_of={both.versions[1].distribution_id: EVENING})
    placed = chosen([both], home, x).placements
    assert [each.at for each in placed] == [at(9), at(20)]
    assert "it is not to go out at that hour" in " ".join(placed[1].why)


def test_where_no_slot_lies_in_its_hours_it_has_no_time_and_says_why():
    x = account(1, hours(9, 12), hours=EVENING)
    [unplaced] = chosen([item("p", x)], x).unplaced
    assert "2 outside the hours that it may have" in unplaced.reason
