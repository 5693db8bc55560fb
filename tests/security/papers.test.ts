/**
 * `docs/security.md` names a test for each clause that it calls met, and for each attacker. Each name must be a test that
 * exists.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const paper = readFileSync('docs/security.md', 'utf8')

// The number of requirements in each section of ASVS 5.0.0, in the chapters that are in
const SECTIONS: Readonly<Record<number, readonly number[]>> = {
  2: [3, 3, 5, 2],
  3: [1, 3, 5, 8, 8, 1, 5],
  4: [5, 5, 2, 4],
  6: [3, 12, 8, 6, 8, 4, 2, 4],
  7: [3, 4, 2, 5, 3, 2],
  9: [3, 4],
  10: [2, 3, 5, 16, 5, 2, 3],
  11: [4, 5, 5, 4, 2, 2, 2],
  12: [5, 2, 5],
  13: [4, 6, 4, 7],
  14: [2, 8, 3],
  16: [1, 5, 4, 3, 4],
}

/** `3.3.1 to 3.3.4`, `6.1.2, 6.2.11` */
function clauses(cell: string): string[] {
  return cell.split(', ').flatMap((part) => {
    const [first = '', last = first] = part.split(' to ')
    const [chapter, section, from] = first.split('.').map(Number)
    const [, sectionAtEnd, to] = last.split('.').map(Number)
    const names: string[] = []
    for (let number = Number(section); number <= Number(sectionAtEnd); number++) {
      const count = SECTIONS[Number(chapter)]?.[number - 1] ?? 0
      const begin = number === section ? Number(from) : 1
      const end = number === sectionAtEnd ? Number(to) : count
      for (let index = begin; index <= end; index++) names.push(`${chapter}.${number}.${index}`)
    }
    return names
  })
}

const ROW = /^\| ((?:\d+\.\d+\.\d+(?:, | to )?)+) \| ([^|]+) \| ([^|]+) \|$/gm

test('every requirement of the chapters of ASVS stands there once', () => {
  const expected = Object.entries(SECTIONS).flatMap(([chapter, counts]) =>
    counts.flatMap((count, section) =>
      Array.from({ length: count }, (_, index) => `${chapter}.${section + 1}.${index + 1}`),
    ),
  )
  const found = [...paper.matchAll(ROW)].flatMap(([, cell = '']) => clauses(cell))
  assert.deepEqual(found.toSorted(), expected.toSorted())
})

test('every chapter of ASVS is in or out, with a reason, and those that are in have a table', () => {
  const rows = [...paper.matchAll(/^\| V(\d+) ([^|]+) \| (in|out) \| [^|]{4,} \|$/gm)]
  assert.deepEqual(
    rows.map(([, chapter]) => Number(chapter)),
    Array.from({ length: 17 }, (_, index) => index + 1),
  )
  const tables = [...paper.matchAll(/^### V(\d+) (.+)$/gm)].map(([, chapter, title]) => [chapter, title])
  assert.deepEqual(
    tables,
    rows.filter(([, , , where]) => where === 'in').map(([, chapter, title]) => [chapter, title]),
  )
  assert.deepEqual(
    tables.map(([chapter]) => chapter),
    Object.keys(SECTIONS),
  )
})

test('each row of the threat model names what measures it', () => {
  const [, model = ''] = /^## Threat model\n(.*?)^## /ms.exec(paper) ?? []
  const rows = model.split('\n').filter((line) => /^\| (?!the attacker has|with )/.test(line))
  assert.ok(rows.length > 25)
  for (const row of rows) assert.match(row, /\| (?:`tests\/[^|]+|none: [^|]+) \|$/)
})

test('every best practice of RFC 8725 §3 stands there once', () => {
  const found = [...paper.matchAll(/^\| §(3\.\d+) /gm)].map(([, clause]) => clause)
  assert.deepEqual(
    found,
    Array.from({ length: 12 }, (_, index) => `3.${index + 1}`),
  )
})

test('what is called met names where it is held, and every file that is named is there', () => {
  for (const [row, , verdict = '', why = ''] of paper.matchAll(ROW)) {
    if (verdict.startsWith('met')) assert.match(why, /`tests\/|\]\(/, row)
  }
  const files = [...paper.matchAll(/`(tests\/[^`]+)`|\]\((adr\/[^)]+)\)/g)]
  assert.ok(files.length > 60)
  for (const [, testFile, record] of files) {
    const path = testFile ?? `docs/${record}`
    assert.ok(existsSync(path), path)
  }
})
