# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Reads the pictures that fastmem-info draws, and says what is wrong with one."""
import itertools
import re
import xml.etree.ElementTree as xml

SVG = '{http://www.w3.org/2000/svg}'
LETTER = 0.6  # a letter's width as a part of its height, in a wide font
SIZES = {'headline': 18, 'name': 15}


class Box:
    def __init__(self, x, y, w, h, what):
        self.x, self.y, self.w, self.h, self.what = x, y, w, h, what

    @classmethod
    def of(cls, rect, what):
        return cls(*(float(rect.get(name)) for name in ('x', 'y', 'width', 'height')), what)

    def holds(self, other):
        return self.x <= other.x and self.y <= other.y and \
            other.x + other.w <= self.x + self.w and other.y + other.h <= self.y + self.h

    def meets(self, other):
        return self.x < other.x + other.w and other.x < self.x + self.w and \
            self.y < other.y + other.h and other.y < self.y + self.h

    def __repr__(self):
        return f'{self.what} at {self.x},{self.y} of {self.w}x{self.h}'


def text_box(text):
    size = next((size for name, size in SIZES.items() if name in text.get('class')), 12)
    width = float(text.get('textLength') or len(text.text) * size * LETTER)
    shift = {None: 0, 'middle': 0.5, 'end': 1}[text.get('text-anchor')]
    # What goes below the line is short, and what stands on it as high as the letters are.
    return Box(float(text.get('x')) - shift * width, float(text.get('y')) - size * 0.8, width, size,
               f'"{text.text}"')


class Picture:
    """cards by node id, homes: the packages of each, "" for none."""

    def __init__(self, source):
        self.source = source
        self.root = xml.fromstring(source)
        self.all = Box(*(float(word) for word in self.root.get('viewBox').split()), 'picture')
        self.frames, self.cards, self.homes, self.groups = [], {}, {}, {}
        for frame in self.root.findall(f'{SVG}g'):
            if frame.get('class') in ('package', 'apart'):
                self.add_frame(frame, frame.get('data-packages', ''))
        distances = self.root.find(f"{SVG}g[@id='distances']")
        self.matrix = Box.of(distances.find(f'{SVG}rect'), 'distances')
        self.frames.append(self.matrix)
        self.distances = [re.fullmatch(r'from node (\d+) to node (\d+): (\d+)',
                                       cell.find(f'{SVG}title').text).groups() + (cell,)
                          for cell in distances.findall(f"{SVG}g[@class='distance']")]

    def add_frame(self, frame, packages):
        box = Box.of(frame.find(f'{SVG}rect'), f'packages "{packages}"')
        self.frames.append(box)
        for card in frame.findall(f"{SVG}g[@class='node']"):
            node = int(card.get('id').removeprefix('node-'))
            assert node not in self.cards, f'node {node} is drawn twice'
            self.cards[node] = Box.of(card.find(f'{SVG}rect'), f'node {node}')
            self.homes[node] = packages
            self.groups[node] = card
            assert box.holds(self.cards[node]), (box, self.cards[node])

    def texts(self, node):
        return [text.text for text in self.groups[node].iter(f'{SVG}text')]

    def flaws(self):
        """What lies on another, or sticks out of where it belongs."""
        # Thousands, and each has to be within its own cell.
        in_cells = {cell[3].find(f'{SVG}text') for cell in self.distances}
        for boxes in (self.frames, list(self.cards.values()),
                      [text_box(text) for text in self.root.iter(f'{SVG}text')
                       if text not in in_cells]):
            yield from (f'{a} lies on {b}' for a, b in itertools.combinations(boxes, 2)
                        if a.meets(b))
            yield from (f'{box} sticks out of {self.all}' for box in boxes
                        if not self.all.holds(box))
        for node, group in self.groups.items():
            for text in group.iter(f'{SVG}text'):
                if not self.cards[node].holds(text_box(text)):
                    yield f'{text_box(text)} sticks out of {self.cards[node]}'
            for rect in group.iter(f'{SVG}rect'):
                box = Box.of(rect, rect.get('class'))
                if not self.cards[node].holds(box):
                    yield f'{box} sticks out of {self.cards[node]}'
                yield from (f'{box} lies on {text_box(text)}'
                            for text in group.iter(f'{SVG}text')
                            if 'card' not in box.what and box.meets(text_box(text)))
        for _, _, _, cell in self.distances:
            box = Box.of(cell.find(f"{SVG}rect[@class='cell']"), 'cell')
            if not self.matrix.holds(box) or not box.holds(text_box(cell.find(f'{SVG}text'))):
                yield f'{box} does not hold its text, or is not in {self.matrix}'
