/** The threat model names existing attackers, answers and tests, and its statements about the supply chain hold. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const text = read('docs/threat-model.md');

/** Cells of a row. A bar within a cell is escaped. */
const cellsOf = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
const rows = text.split('\n').filter((line) => line.startsWith('|') && !/^\|[-|]+\|$/.test(line));
const threats = rows.map(cellsOf).filter((cells) => cells.length === 4 && cells[0] !== 'attacker');
const attackers = rows
  .map(cellsOf)
  .filter((cells) => cells.length === 3 && cells[0] !== 'attacker')
  .map(([name]) => name!);
const named = threats.flatMap(([, way, , tests]) =>
  [...tests!.matchAll(/\[(.+?)\]\(\.\.\/(test\/[^)]+\.ts)\)/g)].map(([, name, file]) => ({
    way: way!,
    name: name!,
    file: file!,
  })),
);

describe('the threat model', () => {
  test('is read as it is meant', () => {
    expect(threats.length).toBeGreaterThan(45);
    expect(attackers).toHaveLength(6);
    expect(named.length).toBeGreaterThan(60);
  });

  test('is about the attackers that it introduces, each of them', () => {
    expect([...new Set(threats.map(([attacker]) => attacker))].sort()).toEqual(attackers.toSorted());
  });

  test('has a test for every way', () => {
    const ways = new Set(named.map(({ way }) => way));
    expect(threats.map(([, way]) => way).filter((way) => !ways.has(way!))).toEqual([]);
  });

  test('names tests that there are, by words of their title', () => {
    const titles = new Map<string, string>();
    /** The first string after `test(` or `describe(`, however it is quoted, and after the rows of `each`. */
    const titlesOf = (file: string) => {
      if (!titles.has(file))
        titles.set(
          file,
          existsSync(join(ROOT, file))
            ? read(file)
                .split('\n')
                .filter((line) => /^\s*(?:(?:test|describe)(?:\.each)?\b|\]?\)\(|['"].*,$|\[$|\])/.test(line))
                .join('\n')
            : '',
        );
      return titles.get(file)!;
    };
    expect(named.filter(({ name, file }) => !titlesOf(file).includes(name))).toEqual([]);
  });

  test('leads somewhere with every link', () => {
    const links = [...text.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([]);
  });

  test('pins every known limit', () => {
    const limits = threats.filter(([, , answer]) => /known limit/i.test(answer!));
    expect(limits.length).toBeGreaterThan(8);
    const pinned = /known-limits|known limit|background noise|is not found\]/;
    expect(limits.filter(([, , , tests]) => !pinned.test(tests!))).toEqual([]);
  });
});

describe('the supply chain', () => {
  test('versions are exact, and every package that is installed has a checksum', () => {
    const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(read('package.json'));
    const versions = Object.entries<string>({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
      ...overrides,
    });
    expect(versions.length).toBeGreaterThan(20);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    interface Locked {
      readonly integrity?: string;
      readonly inBundle?: boolean;
    }
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
    const unchecked = Object.entries(packages).filter(
      ([path, { integrity, inBundle }]) => path !== '' && !inBundle && !/^sha512-/.test(integrity ?? ''),
    );
    expect(unchecked.map(([path]) => path)).toEqual([]);
  });
});
