"""One pointer at a time: a second finger, a palm or another mouse button beside a drag changes nothing."""

import pytest

# The module with a canvas of its own: what it tells of [type, id, more] events, one a line.
LOG = """async (events) => {
  const page = document.querySelector('link[href$="frame/page.css"]').href;
  const { onPointer } = await import(new URL("../draw/pointer.js", page));
  const element = document.body.appendChild(document.createElement("div"));
  const log = [];
  const tell = (name) => (a, b) => log.push(`${name} ${(b ?? a).pointerId}`);
  onPointer(element, { press: tell("press"), drag: tell("drag"), lift: tell("lift"), cancel: tell("cancel"),
                       revoke: tell("revoke"), hover: tell("hover"), leave: tell("leave") });
  for (const [type, pointerId, more] of events) {
    const what = { pointerId, bubbles: true, pointerType: "touch", buttons: 1, ...more };
    element.dispatchEvent(new PointerEvent(`pointer${type}`, what));
  }
  element.remove();
  return log;
}"""
PEN, MOUSE = {"pointerType": "pen", "isPrimary": True}, {"pointerType": "mouse", "isPrimary": True}
CASES = {
    "a second finger is not heard": (
        [("down", 1), ("down", 2), ("move", 2), ("move", 1), ("up", 2), ("move", 2), ("up", 1), ("move", 2)],
        ["press 1", "drag 1", "lift 1"],
    ),
    "a finger that stays does not take over, a new one begins anew": (
        [("down", 1), ("down", 2), ("up", 1), ("move", 2), ("leave", 2), ("down", 3), ("move", 3)],
        ["press 1", "lift 1", "leave 2", "press 3", "drag 3"],
    ),
    "taken away": ([("down", 1), ("cancel", 1), ("move", 1)], ["press 1", "cancel 1"]),
    "another's end is not one's own": ([("down", 1), ("cancel", 2), ("up", 2), ("move", 1)], ["press 1", "drag 1"]),
    "a palm beside a pen": ([("down", 5, PEN), ("down", 1), ("move", 1), ("move", 5, PEN)], ["press 5", "drag 5"]),
    "a palm before a pen": (
        [("down", 1), ("move", 1), ("down", 5, PEN), ("move", 1), ("move", 5, PEN)],
        ["press 1", "drag 1", "revoke 5", "press 5", "drag 5"],
    ),
    "the right button": ([("down", 1, MOUSE | {"button": 2, "buttons": 2}), ("move", 1, MOUSE)], ["hover 1"]),
    "let go outside unheard": (
        [("down", 1, MOUSE), ("move", 1, MOUSE), ("move", 1, MOUSE | {"buttons": 0})],
        ["press 1", "drag 1", "lift 1", "hover 1"],
    ),
    "outside and back": ([("down", 1, MOUSE), ("leave", 1, MOUSE), ("move", 1, MOUSE)], ["press 1", "drag 1"]),
    "an end that was never heard of": (
        [("down", 1, {"isPrimary": True}), ("down", 7, {"isPrimary": True}), ("move", 7), ("move", 1)],
        ["press 1", "cancel 7", "press 7", "drag 7"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_drag_follows_the_pointer_that_began_it(page, case):
    events, told = CASES[case]
    assert page.evaluate(LOG, [list(e) for e in events]) == told


class Hand:
    """Fingers on a touch screen: down, move and up of one finger while the others stay."""

    def __init__(self, v):
        self.page, self.session, self.at = v.page, v.page.context.new_cdp_session(v.page), {}

    def _send(self, kind):
        points = [{"id": i, "x": x, "y": y} for i, (x, y) in self.at.items()]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        # Moves are told once a frame, and drawn in the next.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def down(self, finger, x, y):
        self.at[finger] = (x, y)
        self._send("touchStart")

    def move(self, finger, x, y):
        self.at[finger] = (x, y)
        self._send("touchMove")

    def up(self, finger):
        del self.at[finger]
        self._send("touchEnd")


def opened(visit, query, wait):
    v = visit(has_touch=True)
    v.page.goto(f"{v.address}?{query}")
    v.page.wait_for_function(wait)
    v.idle()
    v.hand = Hand(v)
    return v


def place(locator):
    """A function from shares of an element's width and height to points of the window."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])


# Height of what a canvas holds besides its ground, as shares of its height: [top, bottom].
EXTENT = """(canvas, channel) => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const rows = [];
  for (let i = 0; i < width * height; i += 1)
    if (channel === 3 ? data[4 * i + 3] : data[4 * i] < 128) rows.push(Math.floor(i / width) / height);
  return [rows[0], rows.at(-1)];
}"""


@pytest.mark.parametrize(
    ("query", "part", "channel"),
    [("", "pad", 0), ("tab=inpaint&domain=digits", "brushPad", 3), ("tab=latent", "pad", 0)],
)
def test_a_second_finger_draws_no_wedge(visit, query, part, channel):
    module = {"": "reconstruct"}.get(query, query.split("&")[0].removeprefix("tab="))
    v = opened(visit, query, f"document.querySelector('.vd-module-{module}[data-ready=true]')")
    root = v.page.locator(f".vd-module-{module}")
    if part == "pad":
        root.locator("[data-part=draw]").click()
    else:
        root.locator("[data-part=wipe]").click()
    canvas = root.locator(f"[data-part={part}]")
    at = place(canvas)
    v.hand.down(1, *at(0.2, 0.3))
    v.hand.down(2, *at(0.8, 0.9))  # the palm
    for share in (0.2, 0.5, 0.8):
        v.hand.move(1, *at(share, 0.3))
        v.hand.move(2, *at(0.8, 0.9 - share / 20))
    v.hand.up(1)
    v.hand.move(2, *at(0.3, 0.8))
    v.hand.up(2)
    top, bottom = canvas.evaluate(EXTENT, channel)
    assert 0.15 < top < 0.3 < bottom < 0.45
    v.hand.down(3, *at(0.5, 0.7))  # and the next stroke is drawn
    v.hand.up(3)
    assert canvas.evaluate(EXTENT, channel)[1] > 0.65


def test_a_second_finger_does_not_move_a_bar(visit):
    v = opened(visit, "kind=ae&d=4", "document.querySelector('.vd-module-reconstruct[data-ready=true] .vd-z')")
    bar = v.page.locator(".vd-module-reconstruct .vd-z").first
    at = place(bar.locator(".vd-track"))

    def share():
        low, high, value = (float(bar.get_attribute(f"aria-value{name}")) for name in ("min", "max", "now"))
        return (value - low) / (high - low)

    v.hand.down(1, *at(0.5, 0.3))
    v.hand.down(2, *at(0.5, 0.9))
    v.hand.move(2, *at(0.5, 0.95))
    assert share() == pytest.approx(0.7, abs=0.02)
    v.hand.move(1, *at(0.5, 0.2))
    assert share() == pytest.approx(0.8, abs=0.02)
    v.hand.up(1)
    v.hand.move(2, *at(0.5, 0.6))
    v.hand.up(2)
    assert share() == pytest.approx(0.8, abs=0.02)


def test_a_second_finger_gives_up_the_point_on_a_map(visit):
    v = opened(visit, "tab=latent", "document.querySelector('.vd-module-latent [data-part=vaePicture]')?.dataset.shown")
    latent = v.page.locator(".vd-module-latent")
    at = place(latent.locator("[data-part=vaeMoving]"))
    read = lambda: latent.locator("[data-part=vaeA]").inner_text()  # noqa: E731
    before = read()
    v.hand.down(1, *at(0.3, 0.5))
    first = read()
    assert first != before
    v.hand.down(2, *at(0.9, 0.5))
    v.hand.move(2, *at(0.85, 0.5))
    assert read() == before  # two fingers zoom
    v.hand.up(2)
    v.hand.up(1)
    assert read() == before


def test_a_second_finger_does_not_move_the_step_on_the_way(visit):
    v = opened(visit, "tab=generate", "document.querySelector('.vd-module-generate [data-part=wayvae]')?.dataset.shown")
    at, other = (place(v.page.locator(f"[data-part=strip{kind}]")) for kind in ("vae", "ae"))
    v.hand.down(1, *at(0.25, 0.5))
    first = v.part("step").input_value()
    v.hand.down(2, *other(0.9, 0.5))
    v.hand.move(2, *other(0.85, 0.5))
    v.hand.up(2)
    v.hand.up(1)
    assert v.part("step").input_value() == first


# Pictures of each tab whose pixels are read: what is pointed at, what tells of it, how many cursors there are.
READ = {
    "reconstruct": ("made", "[data-part=readout]", 3),
    "denoise": ("fourth", "[data-part=live]", 3),
    "inpaint": ("fourth", "[data-part=live]", 3),
    "odd": ("error", "[data-part=pixel]", 3),
    "generate": ("chosen", ".vd-picture .vd-chip:not([hidden])", 1),
    "latent": ("vaePicture", ".vd-picture .vd-chip:not([hidden])", 1),
}


@pytest.mark.parametrize("tab", READ)
def test_a_pixel_of_every_picture_is_read_by_pointer_and_keys(visit, tab):
    part, told, count = READ[tab]
    v = visit()
    v.page.goto(f"{v.address}?tab={tab}&domain=digits")
    root = v.page.locator(f".vd-module-{tab}[data-ready=true]")
    root.wait_for()
    v.idle()
    picture = root.locator(f"[data-part={part}]").first
    picture.scroll_into_view_if_needed()
    says = "([told, text]) => document.querySelector(told)?.textContent.trim().startsWith(text)"
    told = f".vd-module-{tab} {told}"
    box = picture.bounding_box()
    v.page.mouse.move(box["x"] + 11.5 / 28 * box["width"], box["y"] + 8.5 / 28 * box["height"])
    v.page.wait_for_function(says, arg=[told, "row 9, column 12:"])
    assert root.locator(".vd-cursor:visible").count() == count
    picture.focus()
    picture.press("ArrowDown")
    v.page.wait_for_function(says, arg=[told, "row 10, column 12:"])
    v.page.mouse.move(5, 5)
    v.page.wait_for_function("(tab) => !document.querySelector(`.vd-module-${tab} .vd-cursor:not([hidden])`)", arg=tab)
