"""A site as a reader finds it: articles with all that an article can have, in two scripts, and one taken down."""

import json
import shutil
from importlib.resources import files
from typing import Any, Final

from pipeline.platforms.base import Published
from pipeline.text.rendering import blocks
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.own_site.conftest import Site, a_file

PAGES: Final = {
    "article": "truing/",
    "curated": "pedal-threads/",
    "right to left": "arabic/",
    "front": "",
    "archive": "archive/",
    "topic": "tags/wheels/",
    "topics": "tags/",
    "404": "no-such-page/",
    "410": "torque/",
}
"""Every kind of page: what it is called, and where it stands."""

TRUING: Final = """
*Advertising: this article contains affiliate links. We may earn a commission if you buy through them.*

A wheel that wobbles by two millimetres is not broken. It has lost the balance between about thirty spokes, each of
which pulls at the rim with the weight of a grown person. You give it back by turning nipples, a quarter of a turn at a
time, and by looking more often than you turn. A [spoke key](https://example.com/key "pressroom:sponsored") and a chair
are enough.

## Find the worst place first

Turn the bicycle upside down and hold a pencil against the brake pad, its tip a millimetre from the rim. Spin the wheel
slowly. Where the tip touches, the rim stands out; mark the place with chalk.

1. Find the middle of the chalk mark, and the spokes that meet there.
2. Tighten those from the far side by a quarter of a turn.
3. Loosen those from the near side by **the same quarter**.
4. Spin, look, mark again. *Never turn any nipple twice in a row.*

![A spoked wheel in a truing stand, its valve at four o'clock](PICTURE "Thirty-two spokes, sixteen to a side. The stand is a comfort; a pencil and a chair do as well.")

### How much is enough

> Half a millimetre, side to side, is what a good mechanic leaves you. Less than that the brake can't feel.

Disc brakes forgive more than rim brakes. What matters then is that the spokes pull evenly, which you hear better than
you see: pluck them like strings, and listen for the one that sounds low.

| Wheel | Side to side | Up and down | Spokes | Tension, drive side | Tension, other side |
| --- | ---: | ---: | ---: | ---: | ---: |
| Rim brake, road | 0.5 mm | 0.5 mm | 28 | 1,100 N | 600 N |
| Disc brake, gravel | 1.0 mm | 0.8 mm | 32 | 1,200 N | 750 N |
| City, hub gear | 1.5 mm | 1.0 mm | 36 | 1,000 N | 1,000 N |

## When to stop

A nipple that creaks wants a drop of oil, not force. One that turns without effect has a stripped thread: change it. And
a rim with a dent stays dented, however the spokes pull. The sum that explains it fits in a line:

```
sideways_mm = (tension_left - tension_right) * spokes / stiffness_of_the_rim_in_newtons_per_millimetre
```

DETAILS

Then ride round the block, brake hard twice, and look again. See also [how to patch a tube](/puncture/).
"""
DETAILS: Final = """<details><summary>What the numbers on a spoke key mean</summary><p>They are the size of the nipple
across its flats: 3.23 mm is black, 3.30 mm green, 3.45 mm red. The wrong one rounds the corners within two turns. Print
this page with <kbd>Ctrl</kbd> and <kbd>P</kbd> and take it to the workshop.</p></details>"""
ARABIC: Final = "<p>العجلة التي تهتز مليمترين ليست مكسورة. فقدت فقط التوازن بين أسلاكها.</p><h2>ابدأ من أسوأ موضع</h2><p>أدِر العجلة ببطء وانظر إلى Shimano 105.</p>"
TOPICS: Final = {
    "chain-wear": ["Drivetrain"], "chain-lube": ["Drivetrain"], "indexing": ["Drivetrain"],
    "tyre-pressure": ["Wheels"], "tubeless": ["Wheels"], "puncture": ["Wheels"], "truing": ["Wheels", "Tools"],
}  # fmt: skip


def fill(site: Site) -> None:
    """Publish the sample's texts, the newest an article that has everything."""
    site.settings |= {
        "name": "The Workshop",
        "description": "Bicycle repair for people who would rather do it themselves",
    }
    media = site.folder / "media"
    media.mkdir(parents=True)
    for name in ("picture.jpg", "cover.jpg", "video.mp4", "sound.mp3"):
        shutil.copyfile(str(files("pipeline.sample").joinpath("media", name)), media / name)
    lines = files("pipeline.sample").joinpath("workshop.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        post = json.loads(line)
        if post["external_id"] != "truing":
            body = "\n".join(blocks(post["caption"]))
            shown = [_picture(site, "cover.jpg")] if number % 3 == 0 else []
            _publish(site, post["external_id"], title=post["title"], body=body, media=shown, author=post["author"])
    site.adapter.delete("torque")
    _publish(site, "arabic", title="كيف تضبط عجلة الدراجة", body=ARABIC, language="ar", author="ليلى")
    credit = {
        "url": "https://example.com/threads",
        "publisher": "Slow Miles",
        "author": "Ana Petrova",
        "license": "CC BY 4.0",
    }
    site.adapter.update(
        "pedal-threads",
        _content(
            site,
            "pedal-threads",
            title="The left pedal unscrews the wrong way",
            body="<p>It does, and for good reason.</p>",
            credit=credit,
        ),
    )
    body = "\n".join(blocks(TRUING.replace("PICTURE", f"{site.base_url}/media/cover.jpg")))
    body = body.replace("<p>DETAILS</p>", DETAILS)
    film = a_file(MediaKind.VIDEO, f"{site.base_url}/media/video.mp4", "A wheel turning in its stand")
    sound = a_file(MediaKind.AUDIO, f"{site.base_url}/media/sound.mp3")
    _publish(
        site, "truing", title="A quarter turn at a time: how to true a wheel without making it worse", body=body,
        media=[_picture(site, "picture.jpg"), _picture(site, "cover.jpg"), film, sound], author="Mara Lindqvist",
        excerpt="Thirty spokes, one key and a piece of chalk. What matters is where you begin, and that you stop in time.",
    )  # fmt: skip


def _publish(site: Site, slug: str, **fields: Any) -> None:
    content = _content(site, slug, **fields)
    outcome = site.adapter.publish(content, site.journal(content))
    assert isinstance(outcome, Published), outcome


def _content(site: Site, slug: str, **fields: Any) -> Any:
    common = {name: fields.pop(name) for name in ("title", "body", "media") if name in fields}
    return site.content(slug, **common, platform_specific={"keywords": TOPICS.get(slug, ["Repair"]), **fields})


def _picture(site: Site, name: str) -> Any:
    size = {"picture.jpg": 1080, "cover.jpg": 1400}[name]
    return a_file(
        MediaKind.IMAGE, f"{site.base_url}/media/{name}", "A spoked wheel in a truing stand", size=(size, size)
    )
