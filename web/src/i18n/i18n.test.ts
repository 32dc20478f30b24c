import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { en } from './en';
import { formatArea, lang, t, tWord } from './index';
import { type Key, zh } from './zh';

const SRC = join(import.meta.dirname, '..');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.|schema\.d|^i18n.(\w+\.)?(zh|en)\.ts/.test(path))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }));

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(() => {
  lang.value = 'zh';
});

describe('the dictionaries', () => {
  it('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it.each(Object.keys(zh) as Key[])('%s has the same places in both, and a text', (key) => {
    expect(places(en[key])).toEqual(places(zh[key]));
    expect(zh[key].trim()).not.toBe('');
    expect(en[key].trim()).not.toBe('');
  });

  it('have no key that nothing asks for', () => {
    const source = files.map(({ text }) => text).join('\n');
    // Keys made of a prefix and a word, `level.${level}`, are asked for by their prefix.
    const prefixes = [...source.matchAll(/[`']([a-z.]+)(?:\.\$\{|', )/g)].map(([, prefix]) => `${prefix}.`);
    const unused = Object.keys(zh).filter(
      (key) => !source.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe('texts', () => {
  it('fill their places in the language shown', () => {
    expect(t('filters.days', { days: 7 })).toBe('近 7 天');
    lang.value = 'en';
    expect(t('filters.days', { days: 7 })).toBe('7 days');
  });

  it('leave a source’s own category as it is', () => {
    lang.value = 'en';
    expect(tWord('category', '噪音扰民')).toBe('Noise');
    expect(tWord('category', 'Graffiti')).toBe('Graffiti');
  });

  it('give areas in a unit that reads well', () => {
    expect(formatArea(950)).toBe('950 m²');
    expect(formatArea(191_600)).toBe('19.16 公顷');
    expect(formatArea(22_450_000)).toBe('22.45 平方公里');
    lang.value = 'en';
    expect(formatArea(191_600)).toBe('19.16 ha');
    expect(formatArea(22_450_000)).toBe('22.45 km²');
  });
});

/** Attributes that people read or hear. */
const SPOKEN = new Set(['aria-label', 'title', 'placeholder', 'alt', 'aria-description']);
const LETTER = /\p{L}/u;

describe('components', () => {
  it.each(files.filter(({ path }) => path.endsWith('.tsx')).map(({ path, text }) => [path, text]))(
    '%s holds no text of its own',
    (path, text) => {
      const found: string[] = [];
      const visit = (node: ts.Node) => {
        if (ts.isJsxText(node) && LETTER.test(node.text)) found.push(node.text.trim());
        if (
          ts.isJsxAttribute(node) &&
          SPOKEN.has(node.name.getText()) &&
          node.initializer &&
          ts.isStringLiteral(node.initializer)
        ) {
          found.push(node.initializer.text);
        }
        ts.forEachChild(node, visit);
      };
      visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
      expect(found).toEqual([]);
    },
  );

  it.each(files.map(({ path, text }) => [path, text]))('%s holds no Chinese', (_, text) => {
    const code = ts.transpileModule(text, {
      compilerOptions: { removeComments: true, jsx: ts.JsxEmit.Preserve, target: ts.ScriptTarget.ESNext },
    }).outputText;
    expect(code.match(/\p{Script=Han}+/gu) ?? []).toEqual([]);
  });
});
