# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A headless Chromium that shows a file, and says what came of it: by the DevTools protocol over a pipe."""

import json
import os
import shutil
import subprocess
import tempfile

PROGRAM = 'chromium-headless-shell'


class Browser:
    """One page. Nothing but files can be reached from it, and what it asks for is kept in `requests`."""

    def __init__(self):
        to_it, self.pipe = os.pipe()
        self.answers, from_it = os.pipe()
        self.folder = tempfile.mkdtemp()

        def at_3_and_4():
            # By way of others: one of the two may be 3 or 4 itself.
            there, back = os.dup(to_it), os.dup(from_it)
            os.dup2(there, 3)
            os.dup2(back, 4)

        # pylint: disable-next=consider-using-with,subprocess-popen-preexec-fn
        self.process = subprocess.Popen(
            [PROGRAM, '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
             '--host-resolver-rules=MAP * ~NOTFOUND', f'--user-data-dir={self.folder}',
             '--remote-debugging-pipe', 'about:blank'],
            preexec_fn=at_3_and_4, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.rest = b''
        self.last = 0
        self.session = None
        self.requests, self.complaints = [], []
        [page] = [target for target in self.call('Target.getTargets')['targetInfos']
                  if target['type'] == 'page']
        self.session = self.call('Target.attachToTarget', targetId=page['targetId'],
                                 flatten=True)['sessionId']
        for domain in ('Page', 'Network', 'Log', 'Runtime'):
            self.call(domain + '.enable')

    def message(self):
        while b'\0' not in self.rest:
            more = os.read(self.answers, 1 << 16)
            assert more, 'the browser ended'
            self.rest += more
        text, self.rest = self.rest.split(b'\0', maxsplit=1)
        message = json.loads(text)
        what = message.get('method')
        if what == 'Network.requestWillBeSent':
            self.requests.append(message['params']['request']['url'])
        elif what in ('Log.entryAdded', 'Runtime.exceptionThrown', 'Page.javascriptDialogOpening'):
            self.complaints.append(message['params'])
        return message

    def call(self, method, **params):
        self.last += 1
        call = {'id': self.last, 'method': method, 'params': params}
        if self.session is not None:
            call['sessionId'] = self.session
        os.write(self.pipe, json.dumps(call).encode() + b'\0')
        while True:
            answer = self.message()
            if answer.get('id') == self.last:
                assert 'error' not in answer, (method, answer)
                return answer['result']

    def show(self, path, width, scheme):
        self.requests.clear()
        self.complaints.clear()
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1,
                  mobile=False)
        self.call('Emulation.setEmulatedMedia',
                  features=[{'name': 'prefers-color-scheme', 'value': scheme}])
        self.call('Page.navigate', url='file://' + path)
        while self.message().get('method') != 'Page.loadEventFired':
            pass

    def value(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        assert 'exceptionDetails' not in result, result
        return result['result'].get('value')

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.pipe)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)
