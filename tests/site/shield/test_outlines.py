"""Around what sways the rest of a body is drawn, at its size; people apart are drawn apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from insyn.site.shield.frame import Mask
from insyn.site.shield.outlines import outlined

SIZE = (320, 180)


def nothing() -> Mask:
    return np.zeros((SIZE[1], SIZE[0]), bool)


def person(x: int, top: int, high: int) -> Mask:
    """Somebody who stands: head, shoulders and legs; x is their middle."""
    out = nothing().astype(np.uint8)
    head = round(0.14 * high)
    cv2.circle(out, (x, top + head // 2), head // 2, 1, cv2.FILLED)
    half = round(0.14 * high)
    cv2.rectangle(out, (x - half, top + head), (x + half, top + high // 2), 1, cv2.FILLED)
    legs = round(0.09 * high)
    cv2.rectangle(out, (x - legs, top + high // 2), (x + legs, top + high), 1, cv2.FILLED)
    return out > 0


def border(body: Mask) -> Mask:
    """What sways of a flat shirt: its edges, two pixels to each side."""
    marked = body.astype(np.uint8)
    ring = np.ones((3, 3), np.uint8)
    return (cv2.dilate(marked, ring) - cv2.erode(marked, ring)) > 0


@pytest.mark.parametrize("high", [30, 60, 120])
def test_whoever_sways_is_covered_whole(high: int) -> None:
    body = person(160, 40, high)
    found = outlined(border(body), 1.0)
    assert found[body].all()
    assert found.sum() < 3.5 * body.sum()


@pytest.mark.parametrize("high", [40, 80, 120])
def test_head_and_feet_that_are_still_are_covered(high: int) -> None:
    body = person(160, 30, high)
    edges = border(body)
    edges[: 30 + round(0.15 * high)] = False
    edges[30 + round(0.82 * high) :] = False
    assert outlined(edges, 1.0)[body].all()


def test_who_sits_and_moves_arms_alone_has_legs() -> None:
    body = person(160, 40, 90)
    edges = border(body)
    edges[40 + 45 :] = False
    assert outlined(edges, 1.0)[body].all()


def test_a_shirt_like_the_wall_is_covered_between_head_and_legs() -> None:
    body = person(160, 40, 80)
    edges = border(body)
    edges[40 + 12 : 40 + 40] = False
    assert outlined(edges, 1.0)[body].all()


def test_one_side_like_the_wall_is_covered() -> None:
    body = person(160, 40, 80)
    edges = border(body)
    edges[40 + 20 : 40 + 40, 165:] = False
    assert outlined(edges, 1.0)[body].mean() > 0.99


def test_people_apart_are_drawn_apart() -> None:
    near, far = person(60, 90, 90), person(150, 30, 50)
    found = outlined(border(near) | border(far), 1.0)
    assert found[near | far].all()
    assert not found[20:80, 90:125].any(), "what is between them is the scene"
    hull = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    points = cv2.findNonZero((near | far).astype(np.uint8))
    assert points is not None
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    assert found.sum() < 0.75 * hull.sum()


def test_specks_are_nobody() -> None:
    draw = np.random.default_rng(3)
    assert not outlined(draw.random((SIZE[1], SIZE[0])) < 0.004, 1.0).any()


def test_who_is_cut_by_the_picture_is_covered_to_its_border() -> None:
    body = person(160, 120, 120)
    found = outlined(border(body), 1.0)
    assert found[body].all()
