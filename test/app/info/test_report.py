#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The page of fastmem-info report says what the program did, needs no other file, and can be read in a browser.

Owns: the tests of the verb report. Must not: touch other programs that run here.
Called by: meson test; usage: test_report.py FASTMEM-INFO PROGRAM
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from html.parser import HTMLParser

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import watched  # noqa: E402
from browser import PROGRAM as BROWSER, Browser  # noqa: E402
from cases import main, need  # noqa: E402
from spoiler import Spoiler  # noqa: E402

INFO, PROGRAM = sys.argv[1:3]
VOID = {'meta', 'br', 'hr', 'img', 'link', 'input'}


class Page(HTMLParser):
    """A page as a tree of [tag, attributes, children]; texts are children too. Refuses what is not closed."""

    def __init__(self, path):
        super().__init__()
        self.tree = ['', {}, []]
        self.open = [self.tree]
        self.title = None
        with open(path, encoding='utf-8') as file:
            self.text = file.read()
        self.feed(self.text)
        self.close()
        assert len(self.open) == 1, [element[0] for element in self.open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        element = [tag, dict(attrs), []]
        self.open[-1][2].append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, (self.open[-1][0], tag, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        self.open[-1][2].append(data)

    def all(self, tag, element=None, **attributes):
        """Elements below one, in their order."""
        found = []
        for child in (element or self.tree)[2]:
            if isinstance(child, str):
                continue
            if child[0] == tag and attributes.items() <= child[1].items():
                found.append(child)
            found += self.all(tag, child, **attributes)
        return found

    def elements(self, element=None):
        for child in (element or self.tree)[2]:
            if not isinstance(child, str):
                yield child
                yield from self.elements(child)

    def section(self, name):
        [section] = self.all('section', id=name)
        return section

    def rows(self, section):
        return [[text_of(cell) for cell in self.all('td', row)]
                for table in self.all('table', self.section(section))
                for row in self.all('tr', self.all('tbody', table)[0])]


def text_of(element):
    return ''.join(child if isinstance(child, str) else text_of(child) for child in element[2]).strip()


def command(program, path, seconds, folder=None, more=()):
    return {'args': [INFO, 'report', '--html', path, '--seconds', str(seconds), *more], 'text': True,
            'env': {**os.environ, 'RUNTIME_DIRECTORY': folder or program.folder}}


@contextlib.contextmanager
def reported(program, work, *more, seconds=1.5, change=None):
    """A page of a program that works meanwhile; its answers changed on the way, if they shall be."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'page.html')
        between = Spoiler(program, folder, change) if change else None
        with subprocess.Popen(**command(program, path, seconds, folder if change else None, more),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as report:
            time.sleep(0.4)
            work(program)
            out, errors = report.communicate(timeout=60)
        if between:
            between.close()
        assert (report.returncode, out, errors) == (0, '', ''), (report.returncode, out, errors)
        assert set(os.listdir(folder)) <= {'page.html', 'dpdk'}
        yield path


def nothing(program):
    program.do('parse 1')


def some_work(program):
    program.do('parse 3000')
    program.do('table 200')
    program.do('churn 20000')
    program.do('free 150')


@contextlib.contextmanager
def program_with_memory():
    with watched.running(PROGRAM) as program:
        program.do('init')
        program.do('parse 1000')
        yield program


# ---- what it says

def the_page_has_the_programs_figures():
    with program_with_memory() as program:
        with reported(program, some_work, '--interval', '1') as path:
            page = Page(path)
        live = program.ask('/fastmem/nodes')
        classes = program.ask(f'/fastmem/classes,{min(live, key=int)}')
        slabs = program.ask(f'/fastmem/heap_map,{min(live, key=int)}')['slabs']
        profile = program.ask('/fastmem/profile/show')
    assert f'process {program.process.pid}' in text_of(page.all('h1')[0])
    # The page's tables have units and commas; those of counts are whole.
    rows = {row[0]: row[1:] for row in page.rows('classes')}
    for size, count in zip(classes['class_size'], classes['live']):
        if count:
            assert rows[f'{size:,} B'][1] == f'{count:,}', (size, count, rows)
    # The profile was the report's, and has ended.
    assert profile['running'] == 0
    figures = {text_of(pair[2][0]): text_of(pair[2][1])
               for pair in page.all('div', page.section('profile')) if page.all('dt', pair)}
    assert figures['allocations'] == f"{profile['allocations']:,}"
    assert profile['allocations'] >= 23200
    assert figures['frees'] == f"{profile['frees']:,}"
    assert figures['sampled'] == 'each block' and figures['samples'] == figures['allocations']
    # It drew them: live memory went up when the work began.
    assert len(page.all('svg', page.section('course'))) >= 2
    assert len(page.all('svg', page.section('map'))) >= 1
    assert f"{slabs} slabs" in text_of(page.section('map')).replace('1 slab,', '1 slabs,')


def call_sites_sizes_and_lifetimes_are_those_of_the_profile():
    with program_with_memory() as program:
        program.do('start 1')
        # One that runs is shown, and goes on.
        with reported(program, some_work) as path:
            page = Page(path)
        assert program.ask('/fastmem/profile/show')['running'] == 1
        program.do('stop')
        told = program.tell()
    assert 'somebody else began' in text_of(page.section('profile'))
    sites = {row[-1].split('←')[0].strip(): row for row in page.rows('sites')}
    assert sites['parse_headers'][2] == '3,000'
    assert sites['grow_table'][2] == '200'
    assert sites['make_one'][2] == '20,000'
    sizes = text_of(page.all('figure', page.section('profile'))[0])
    # The program's blocks of 64, 100 and 3000 bytes.
    assert told['sizes'][6] == 23000 and told['sizes'][11] == 200
    assert '23,000' in sizes and '200' in sizes
    assert len(page.all('figure', page.section('profile'))) == 2


def without_a_profiler_it_says_so():
    with program_with_memory() as program:
        with reported(program, nothing,
                      change=lambda c, answer: None if '/profile/' in c else answer) as path:
            page = Page(path)
    assert 'its library has no profiler' in text_of(page.section('profile'))
    assert not page.all('section', id='sites') and page.rows('classes')


def what_the_program_does_not_tell_is_said():
    with program_with_memory() as program:
        with reported(program, nothing, seconds=0.5, change=lambda c, answer: {'error': 'not today'} if
                      '/advice' in c or '/sites' in c else answer) as path:
            page = Page(path)
    for name in ('advice', 'sites'):
        text = text_of(page.section(name))
        assert 'did not tell: not today' in text and 'None' not in text and 'No alloc' not in text, text


def a_report_that_fails_ends_its_profile():
    looks = []

    def at_first(asked, answer):
        looks.append(asked)
        return answer if looks.count('/fastmem/nodes') < 4 else {'error': 'not any more'}
    with program_with_memory() as program, tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Spoiler(program, folder, at_first)):
        path = os.path.join(folder, 'page.html')
        done = subprocess.run(**command(program, path, 60, folder), capture_output=True, check=False, timeout=30)
        assert done.returncode == 2 and 'not any more' in done.stderr and not os.path.exists(path), done
        assert program.ask('/fastmem/profile/show')['running'] == 0


def an_early_end_makes_a_page_of_what_was_seen():
    with program_with_memory() as program, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'page.html')
        begun = time.monotonic()
        with subprocess.Popen(**command(program, path, 600)) as report:
            time.sleep(1)
            report.send_signal(signal.SIGINT)
            assert report.wait(timeout=30) == 0
        assert time.monotonic() - begun < 30
        assert Page(path).rows('classes')
        assert program.ask('/fastmem/profile/show')['running'] == 0


def what_cannot_be_done_is_said_before_anybody_waits():
    with program_with_memory() as program:
        for args, said in ((['--seconds', '0'], '--seconds takes 0.1 to 86400, not "0"'),
                           (['--seconds', '5x'], '--seconds takes 0.1 to 86400, not "5x"'),
                           (['--interval', '0'], '--interval takes bytes, from 1, not "0"'),
                           (['--interval', '1k'], '--interval takes bytes, from 1, not "1k"'),
                           (['--html', '/'], 'could not be written to /: Is a directory'),
                           ([], 'say where the page goes: --html FILE'),
                           (['--html', '/nowhere/page.html'], 'could not be written to /nowhere/page.html')):
            done = subprocess.run([INFO, 'report', *args], capture_output=True, text=True, check=False, timeout=30,
                                  env={**os.environ, 'RUNTIME_DIRECTORY': program.folder})
            assert done.returncode not in (0, 77) and said in done.stderr, (args, done)


# ---- that it can be read

HARM = ('</title></style></td></svg>--><script>document.title="owned"</script>'
        '<img src=http://127.0.0.1:9/x onerror=alert(1)> &amp; "\' \u202e\x01 %s%n ' + 'W' * 60)


def harmful(cmd, answer, numbers=(0, -1, 1 << 63, (1 << 64) - 1, 1e308, -1e308, '5', None, [], {})):
    """Texts that a page must not take for its own, and numbers that nothing has."""
    def spoil(value, i):
        if isinstance(value, dict):
            return {key: spoil(v, i + n) for n, (key, v) in enumerate(value.items())}
        if isinstance(value, list):
            return [spoil(v, i + n) for n, v in enumerate(value)]
        if isinstance(value, str):
            return (HARM + value)[:127]
        return numbers[i % len(numbers)] if i % 3 == 0 else value
    # Where a walk goes on is not spoilt: that it ends is the walk's own affair.
    return answer if answer is None or 'heap_map' in cmd else spoil(answer, len(cmd))


def drawings_and_texts_are_well_formed():
    with program_with_memory() as program:
        with reported(program, some_work, change=harmful) as path:
            page = Page(path)
    assert not page.all('script') and not page.all('img') and not page.all('iframe')
    attributes = {name for element in page.elements() for name in element[1]}
    assert not attributes & {'src', 'href', 'srcset', 'action', 'xlink:href', 'data'}, attributes
    assert not [name for name in attributes if name.startswith('on')]
    style = ''.join(map(text_of, page.all('style')))
    assert style and 'url(' not in style and '@import' not in style
    depth = begins = 0
    for tag in re.finditer(r'<svg|</svg>', page.text):
        if depth == 0:
            begins = tag.start()
        depth += 1 if tag.group() == '<svg' else -1
        if depth == 0:
            xml.fromstring(page.text[begins:tag.end()])
    ids = [element[1]['id'] for tag in ('section', 'h2', 'figure', 'svg') for element in page.all(tag)
           if 'id' in element[1]]
    assert len(ids) == len(set(ids)) and ids


# Each text's colour against what lies behind it, as WCAG 2.1 reckons; [ratio, text] of those below.
CONTRAST = r'''(() => {
  const parse = c => (c.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length == 3 || c[3] == 1) return c; } return [255, 255, 255]; };
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!n.data.trim() || box.width == 0 || e.closest('title, desc, style')) continue;
    const a = light(parse(e.closest('svg') ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen++;
    if (ratio < 4.5) found.push([ratio, n.data.trim().slice(0, 40)]);
  }
  return { seen, found, ground: light(behind(document.body)) };
})()'''

# What sticks out of the window, or is cut by its box without a way to see the rest.
LAYOUT = r'''(() => { const wide = document.documentElement.scrollWidth, cut = [];
  for (const e of document.body.querySelectorAll('p, li, td, th, dt, dd, h1, h2, h3, figcaption'))
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).overflowX == 'hidden')
      cut.push(e.textContent.slice(0, 40));
  return { wide, cut, scripts: document.scripts.length, title: document.title }; })()'''


def looks_right(browser, path, ground):
    for width in (400, 1400):
        for scheme in ('light', 'dark'):
            browser.show(path, width, scheme)
            assert browser.requests == ['file://' + path], browser.requests
            assert browser.complaints == [], browser.complaints
            layout = browser.value(LAYOUT)
            assert layout['wide'] <= width and layout['cut'] == [], (width, layout)
            assert layout['scripts'] == 0 and layout['title'].endswith(': fastmem'), layout
            seen = browser.value(CONTRAST)
            assert seen['seen'] > 50 and seen['found'] == [], (scheme, seen)
            ground[scheme] = seen['ground']


def a_browser_shows_it_in_light_and_dark():
    need(BROWSER)
    ground = {}
    browser = Browser()
    with contextlib.closing(browser), program_with_memory() as program:
        with reported(program, some_work) as path:
            looks_right(browser, path, ground)
            # What it shows by itself on request: tables behind the histograms.
            browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert browser.value(CONTRAST)['found'] == []
        assert ground['light'] > 0.8 and ground['dark'] < 0.1, ground
        with reported(program, some_work, change=harmful) as path:
            looks_right(browser, path, ground)


main([the_page_has_the_programs_figures,
      call_sites_sizes_and_lifetimes_are_those_of_the_profile,
      without_a_profiler_it_says_so,
      what_the_program_does_not_tell_is_said,
      a_report_that_fails_ends_its_profile,
      an_early_end_makes_a_page_of_what_was_seen,
      what_cannot_be_done_is_said_before_anybody_waits,
      drawings_and_texts_are_well_formed,
      a_browser_shows_it_in_light_and_dark])
