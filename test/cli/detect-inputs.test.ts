/** The paths given to `sweepwatch detect`: files, folders, pipes, and what lies there that is no flow log. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { reasonOf, resolveInputs } from '../../cli/inputs.ts';
import { findingsOf, runCli, runHere } from './run-cli.ts';
import { folderWith, scanLog } from './scan-files.ts';

const sourcesOf = (run: Awaited<ReturnType<typeof runHere>>) => findingsOf(run).map(({ source }) => source.address);
const detect = (...paths: string[]) => runHere(['detect', '--format', 'ndjson', ...paths]);

describe('A folder', () => {
  test('is read with all its folders, in order of names, and without the files that are called otherwise', async () => {
    const folder = folderWith({
      'b.log': scanLog('10.0.9.9', 1),
      'a.log.gz': gzipSync(scanLog('10.0.9.9', 1)),
      'photo.jpg': 'x',
      _SUCCESS: '',
      '.DS_Store': 'x',
    });
    mkdirSync(join(folder, '2026/11.log'), { recursive: true });
    writeFileSync(join(folder, '2026/11.log/c.parquet'), '');
    symlinkSync(join(folder, 'b.log'), join(folder, 'link.log'));
    symlinkSync(folder, join(folder, 'circle.log'));
    const { sources, bad } = await resolveInputs([folder], process.stdin);
    expect(sources.map(({ name }) => name.slice(folder.length))).toEqual([
      '/2026/11.log/c.parquet',
      '/a.log.gz',
      '/b.log',
      '/link.log',
    ]);
    expect(bad).toEqual([]);
  });

  test('with some files that are not flow logs names these, uses the others, and exits with 1', async () => {
    const folder = folderWith({
      'scan.log': scanLog('10.0.9.9'),
      'manual.pdf.log': '%PDF-1.7\n',
      'empty.log': '',
      'notes.txt': 'remember the milk\n',
      'events.log': '{"Records":[]}',
      'cut.parquet': 'PAR1\u0000\u0000',
    });
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.log'));
    const run = await detect(folder);
    expect(run.code).toBe(1);
    expect(sourcesOf(run)).toEqual(['10.0.9.9']);
    for (const told of [
      'dangling.log: no such file or folder',
      'manual.pdf.log: the file is a PDF, expected VPC Flow Log records as text, gzip or Parquet',
      'empty.log: the file is empty. Expected flow log records',
      'notes.txt: no line is a flow log record: line 1 (too few columns): "remember the milk". Expected a header',
      'events.log: the file is JSON, expected',
      'cut.parquet: cannot read the footer of the Parquet file',
    ])
      expect(run.stderr).toContain(`${folder}/${told}`);
    expect(run.stderr).toMatch(/\n60 records in 6 files: 1 finding\n$/);
  });

  test('copied by a Mac is read without its hidden files, which are counted', async () => {
    const folder = folderWith({ 'scan.log': scanLog('10.0.9.9'), '._scan.log': '\u0000\u0005\u0016\u0007' });
    mkdirSync(join(folder, '__MACOSX/deep'), { recursive: true });
    writeFileSync(join(folder, '__MACOSX/deep/scan.log'), '\u0000\u0005\u0016\u0007');
    const run = await detect(folder);
    expect(run.code).toBe(0);
    expect(sourcesOf(run)).toEqual(['10.0.9.9']);
    expect(run.stderr).toBe('60 records in 1 file: 1 finding, 2 hidden files left out\n');
  });

  test('without flow logs is an error that says which files would be read', async () => {
    const folder = folderWith({ 'README.md': 'x' });
    expect(await detect(folder)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${folder}: the folder contains no flow log files (.log, .gz, .parquet, .txt, .csv)\n0 records in 0 files: 0 findings\n`,
    });
  });

  test('that may not be read is named, and its neighbours are read', async () => {
    const folder = folderWith({ 'scan.log': scanLog('10.0.9.9'), 'secret.log': scanLog('10.0.9.8') });
    mkdirSync(join(folder, 'locked'));
    writeFileSync(join(folder, 'locked/inner.log'), scanLog('10.0.9.7'));
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'locked'), 0);
    chmodSync(join(folder, 'secret.log'), 0);
    // Permissions do not bind root: for the length of this run the process is "nobody".
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid!(65_534);
    try {
      const run = await detect(folder);
      expect(run.code).toBe(1);
      expect(sourcesOf(run)).toEqual(['10.0.9.9']);
      expect(run.stderr).toContain(`${folder}/locked: permission denied. Check who may read it\n`);
      expect(run.stderr).toContain(`${folder}/secret.log: permission denied. Check who may read it\n`);
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(join(folder, 'locked'), 0o700);
    }
  });
});

describe('A folder of AWS', () => {
  const account = (service: string, name: string) => `AWSLogs/123456789012/${service}/eu-west-1/2026/11/21/${name}`;
  const trail = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [account('CloudTrail', `t${at}.json.gz`), 'no gzip']));

  test('reads flow logs, names logs of other services without opening them, and exits with 1', async () => {
    const folder = folderWith({
      [account('vpcflowlogs', 'f.log')]: scanLog('10.0.9.9'),
      [account('elasticloadbalancing', 'l.log.gz')]: 'no gzip',
      'AWSLogs/aws-account-id=123456789012/aws-service=vpcdnsquerylogs/q.log.gz': 'no gzip',
      'copies/f.log': scanLog('10.0.9.8'),
      ...trail(5),
    });
    const run = await detect(folder);
    expect(run.code).toBe(1);
    expect(sourcesOf(run).sort()).toEqual(['10.0.9.8', '10.0.9.9']);
    const at = (name: string) => `${folder}/${name}`;
    expect(run.stderr.split('\n')).toEqual([
      ...[0, 1, 2].map(
        (n) => `${at(account('CloudTrail', `t${n}.json.gz`))}: not read: a log of CloudTrail, not a flow log`,
      ),
      `${at(account('elasticloadbalancing', 'l.log.gz'))}: not read: a log of elasticloadbalancing, not a flow log`,
      `${at('AWSLogs/aws-account-id=123456789012/aws-service=vpcdnsquerylogs/q.log.gz')}: not read: a log of vpcdnsquerylogs, not a flow log`,
      `${folder}: not read: 2 more files, each a log of CloudTrail, not a flow log`,
      '120 records in 2 files: 2 findings',
      '',
    ]);
  });

  test('is known from within, and does not stop a file that is named outright', async () => {
    const folder = folderWith({ [account('CloudTrail', 'x.log')]: scanLog('10.0.9.9') });
    expect(await detect(`${folder}/AWSLogs/123456789012/CloudTrail`)).toMatchObject({ code: 1, stdout: '' });
    expect(await detect(`${folder}/${account('CloudTrail', 'x.log')}`)).toMatchObject({ code: 0 });
  });
});

describe('A path', () => {
  test('that does not exist is named, the others are used, and the exit code is 1', async () => {
    const file = join(folderWith({ 'scan.log': scanLog('10.0.9.9') }), 'scan.log');
    const run = await detect('nowhere.log', file, `${file}/below`);
    expect(run.code).toBe(1);
    expect(sourcesOf(run)).toEqual(['10.0.9.9']);
    expect(run.stderr).toMatch(/^nowhere\.log: no such file or folder\n.*\/below: .+\n60 records in 1 file/);
  });

  test('named outright is read whatever it is called', async () => {
    const file = join(folderWith({ 'export.jpg': gzipSync(scanLog('10.0.9.9')) }), 'export.jpg');
    expect(await detect(file)).toMatchObject({ code: 0 });
  });

  test('whose name would command a terminal is shown without that', async () => {
    const run = await detect('no\u001b[2Jwhere\u202e.log');
    expect(run.stderr).toMatch(/^no\?\[2Jwhere\?\.log: no such file/);
  });

  test('"-" is stdin, once', async () => {
    const run = await runCli(['detect', '--format', 'ndjson', '-', '-'], gzipSync(scanLog('10.0.9.9')));
    expect(run.code).toBe(1);
    expect(sourcesOf(run as Awaited<ReturnType<typeof runHere>>)).toEqual(['10.0.9.9']);
    expect(run.stderr).toContain('(stdin): the input has already been read. A pipe can be given only once\n');
  });

  test('"-" with nothing in it is an empty file', async () => {
    const run = await runCli(['detect', '-']);
    expect(run).toMatchObject({ code: 1, stdout: 'no findings\n' });
    expect(run.stderr).toContain('(stdin): the file is empty. Expected flow log records\n');
  });

  test('that is a named pipe is read once and never waited for again, also when its gzip is damaged', async () => {
    const whole = gzipSync(scanLog('10.0.9.9'));
    const damaged = Buffer.concat([whole, Buffer.from('garbage')]);
    for (const [bytes, code] of [
      [whole, 0],
      [damaged, 1],
    ] as const) {
      const folder = folderWith({ 'bytes.gz': bytes });
      const fifo = join(folder, 'pipe');
      execFileSync('sh', ['-c', `mkfifo "${fifo}"`]);
      spawn('sh', ['-c', `cat "${folder}/bytes.gz" > "${fifo}"`]);
      const run = await runCli(['detect', '--format', 'ndjson', fifo]);
      expect(run.code).toBe(code);
      if (code) expect(run.stderr).toContain(`${fifo}: the gzip data is corrupt`);
      else expect(run.stdout).toContain('"10.0.9.9"');
    }
  });
});

test('A system error without an explanation keeps its own message', () => {
  expect(reasonOf(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }))).toBe('EIO: i/o error, read');
});
