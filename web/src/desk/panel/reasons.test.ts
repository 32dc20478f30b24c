import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lang } from '../../i18n';
import { zh } from '../../i18n/zh';
import type { Refusal } from '../state/store';
import { reasonText } from './reasons';
import { warningText } from './warnings';

const SERVER = join(import.meta.dirname, '../../../../src');
const source = readdirSync(SERVER, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^(plan|serve)\b.*\.rs$/.test(path))
  .map((path) => readFileSync(join(SERVER, path), 'utf8'))
  .join('\n');

const words = (...patterns: RegExp[]) => [
  ...new Set(patterns.flatMap((pattern) => [...source.matchAll(pattern)].map(([, word]) => word as string))),
];
const missing = (prefix: string, of: readonly string[]) => of.filter((word) => !(`${prefix}.${word}` in zh));

afterEach(() => {
  lang.value = 'zh';
});

describe('the server’s words all have a text', () => {
  it('for refusals', () => {
    const planner = /pub fn refused\(error[\s\S]*?\n\}/.exec(source)?.[0] ?? '';
    const reasons = [
      ...words(/Refusal::new\(\s*"(\w+)"/g),
      ...[...planner.matchAll(/=> "(\w+)"/g)].map(([, word]) => word as string),
    ];
    expect(reasons.length).toBeGreaterThan(40);
    expect(missing('desk.reason', reasons)).toEqual([]);
  });

  it('for warnings', () => {
    const codes = words(/\bwarn\(\s*"(\w+)"/g, /Warning \{\s*code: "(\w+)"/g, /\("(plan_\w+)", \w+\.0/g);
    expect(codes.length).toBeGreaterThan(12);
    expect(missing('desk.warning', codes)).toEqual([]);
  });

  it('for problems, which are the warnings before publishing', () => {
    const kinds = [...(/enum ProblemKind \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '').matchAll(/^ {4}(\w+),/gm)].map(
      ([, name]) => (name as string).replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase(),
    );
    expect(kinds.length).toBeGreaterThan(4);
    expect(missing('desk.problem', kinds)).toEqual([]);
    expect(missing('publish.warning', kinds)).toEqual([]);
  });
});

describe('a warning', () => {
  const healed = {
    code: 'plan_healed',
    message:
      '3 blocks lay across drawn boundaries and went whole to the cell that covers most of them (1250 m² beyond)',
  };

  it('is told in the planner’s language, with its numbers', () => {
    expect(warningText(healed)).toBe('3 个街区横跨所画边界，各整块归占其大半的网格（出入 1,250 平方米）');
    lang.value = 'en';
    expect(warningText(healed)).toContain('3 blocks lay across');
  });

  it('is told in the server’s words where there are no others', () => {
    expect(warningText({ code: 'unheard_of', message: 'as it is' })).toBe('as it is');
    expect(warningText({ ...healed, message: 'some blocks' })).toBe('some blocks');
  });
});

it('a command that came to nothing for the server’s sake is told in the planner’s language', () => {
  const refusal = (reason: string): Refusal => ({ reason, detail: 'x', at: null, codes: [], since: [], again: null });
  expect(reasonText(refusal('timeout'))).toBe('服务器忙，请稍后再试');
  expect(reasonText(refusal('locked'))).toBe('网格已锁定');
  expect(reasonText(refusal('unheard_of'))).toBe('x');
});
