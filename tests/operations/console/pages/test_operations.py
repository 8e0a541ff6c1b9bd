"""The page of what runs: workers, checkpoints, dead letters."""

from html import unescape

from streams.operations.console.watching.checkpoints import CheckpointsSeen
from streams.operations.console.watching.workers import WorkerSeen
from streams.operations.dead_letters.letters import opened
from streams.operations.dead_letters.marks import mark_headers
from tests.operations.console.eyes import HOSTILE, SETTINGS, Eyes, checkpoint, worker


async def page(eyes: Eyes) -> str:
    """The page, after a look."""
    eyes.look()
    async with eyes.client() as http:
        return (await http.get("/operations")).text


async def test_before_the_first_look_the_page_is_there(eyes: Eyes) -> None:
    """It says what is not known."""
    async with eyes.client() as http:
        said = (await http.get("/operations")).text

    assert 3 == said.count("have not been")


async def test_workers_say_how_they_are(eyes: Eyes) -> None:
    """And which of them does not answer."""
    gone = WorkerSeen("http://worker-2:6066", trouble="it does not answer: refused")
    eyes.workers = (worker(), gone)
    said = await page(eyes)

    assert "381 MiB" in said
    assert "p50 under 5 ms, p99 under 15 ms" in said
    assert "it does not answer: refused" in said


async def test_where_no_pages_are_named_it_is_said_how() -> None:
    """Who is in the group is known all the same."""
    settings = SETTINGS.model_copy(update={"console_workers": ""})
    said = await page(Eyes(settings, workers=()))

    assert "GOESWITH_CONSOLE_WORKERS" in said
    assert "worker-1" in said


async def test_checkpoints_are_told_where_they_are(eyes: Eyes) -> None:
    """Generations in a topic; one elsewhere; none."""
    eyes.checkpoints = CheckpointsSeen("topic x", (checkpoint(31.0),), 2, listed=True)
    said = await page(eyes)
    assert "31 s" in said
    assert "123,456" in said
    assert "by the console's own setting (GOESWITH_CHECKPOINT_EVERY_S" in unescape(said)
    assert "2 kept aside" in said
    eyes.checkpoints = CheckpointsSeen("/var/shop")
    assert "In /var/shop: one, and no generations" in await page(eyes)
    eyes.checkpoints = CheckpointsSeen("")
    assert "GOESWITH_CHECKPOINT_URL=none" in await page(eyes)


async def test_dead_letters_are_counted_and_shown_as_text(eyes: Eyes) -> None:
    """Reason, message and payload, with the next step; whatever they hold."""
    for number in range(3):
        eyes.bury(f"{HOSTILE}{number}".encode(), message=f"no JSON at {number}")
    eyes.bury(b"\xff\x1b[2J", reason="wrong_key", message=HOSTILE)
    said = await page(eyes)

    assert "<td>3</td>" in said
    assert "no JSON at N" in said
    assert "<script>alert" not in said
    assert "\x1b" not in said
    assert "goeswith dead-letters replay 0:3" in said


async def test_many_dead_letters_are_read_from_the_end(eyes: Eyes) -> None:
    """What was not read is said; later looks read on."""
    eyes.letters.say(*[b"x"] * 3_000)
    eyes.look()
    eyes.bury(b"{")
    said = await page(eyes)
    letters = eyes.sources.letters.reading.value

    assert letters is not None
    assert 1_000 == letters.earlier
    assert 2_001 == sum(kind.count for kind in letters.kinds)
    assert 50 == len(letters.newest)
    assert "1,000 earlier records were not read" in said


async def test_programs_get_all_of_it(eyes: Eyes) -> None:
    """As plain values."""
    eyes.bury(b"{")
    eyes.checkpoints = CheckpointsSeen("topic x", (checkpoint(31.0),), listed=True)
    eyes.look()
    async with eyes.client() as http:
        said = (await http.get("/api/operations")).json()

    assert said["workers"][0]["ready"]
    assert 123_456 == said["checkpoints"]["generations"][0]["events"]
    assert 1 == said["dead_letters"]["kinds"][0]["count"]


async def test_a_flood_of_dead_letters_holds_up_nobody(eyes: Eyes) -> None:
    """What is passed over is counted."""
    eyes.look()
    eyes.letters.say(*[b"x"] * 6_000)
    eyes.look()
    letters = eyes.sources.letters.reading.value

    assert letters is not None
    assert (1_000, 5_000) == (letters.earlier, sum(kind.count for kind in letters.kinds))


async def test_a_letter_that_was_sent_again_says_so(eyes: Eyes) -> None:
    """And is no other letter."""
    eyes.bury(b"{")
    why = opened(eyes.letters.records[0]).cause
    assert why is not None
    eyes.letters.say(b"", headers=mark_headers("0:0", why))
    said = await page(eyes)

    assert "0:0, sent again" in said
    assert "0:1" not in said


async def test_a_topic_of_letters_that_was_made_anew_is_counted_anew(eyes: Eyes) -> None:
    """What the old one held is gone."""
    for _ in range(3):
        eyes.bury(b"{")
    eyes.look()
    eyes.letters.records = []
    eyes.bury(b"{")
    for _ in range(2):  # one look alone may be a new leader's
        eyes.look()
    letters = eyes.sources.letters.reading.value

    assert letters is not None
    assert 1 == sum(kind.count for kind in letters.kinds) == len(letters.newest)
