/** Pages and comments cite only files and sections that exist. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { blocksOf, PAGES, pageAt, ROOT } from './pages.ts'

const isThere = (path: string) => existsSync(join(ROOT, path))
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, '')

/** Anchors as GitHub makes them */
const anchorsOf = (path: string) =>
  [...withoutCode(pageAt(path)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('pages', () => {
  for (const page of PAGES) {
    test(`${page}: each link leads somewhere`, () => {
      for (const [link, target = ''] of withoutCode(pageAt(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        const [file = '', anchor] = target.split('#')
        const path = file === '' ? page : join(page, '..', file)
        assert.ok(isThere(path), link)
        if (anchor !== undefined) assert.ok(anchorsOf(path).includes(anchor), link)
      }
    })

    // Decision records may name files of the time when they were written.
    if (page.startsWith('docs/adr/') || page === 'CHANGELOG.md') continue
    test(`${page}: each file that is named is there`, () => {
      for (const [path] of pageAt(page).matchAll(
        /(?<![\w./-])(?:src|tests|docs|openapi|generated|\.ci)\/[\w./@-]*\w\/?/g,
      ))
        assert.ok(isThere(path), path)
    })
  }

  test('every page is found from the README, and from the index', () => {
    const pages = PAGES.filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md')
    assert.ok(pages.length > 10)
    for (const page of pages) {
      assert.ok(pageAt('README.md').includes(`](${page}`), `README: ${page}`)
      assert.ok(pageAt('docs/README.md').includes(`](${page.slice('docs/'.length)})`), `index: ${page}`)
    }
  })

  test('CONTRIBUTING has every room of the source, and no other', () => {
    const [, tree = ''] = pageAt('.github/CONTRIBUTING.md').split('## Where things are')
    const [, source = ''] = tree.split('\nsrc/\n')
    const listed: string[] = []
    for (const line of source.split('\n```')[0]?.split('\n') ?? []) {
      const [, indent, name] = /^( {2}| {4})([\w-]+)\/ /.exec(line) ?? []
      if (name === undefined) continue
      const parent = listed.findLast((room) => !room.includes('/'))
      listed.push(indent === '  ' ? name : `${parent}/${name}`)
    }
    const rooms = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(ROOT, 'src/').length))
    assert.deepEqual(listed.sort(), rooms.sort())
  })
})

test('comments cite documents that are in the repository, and sections that they have', () => {
  const sources = globSync(['{src,tests,openapi}/**/*.{ts,cjs,yaml}', '.ci/*'], { cwd: ROOT })
  assert.ok(sources.length > 300)
  for (const source of sources) {
    // Other projects have READMEs as well.
    if (source === 'src/config/known-secrets.ts') continue
    for (const line of readFileSync(join(ROOT, source), 'utf8').split('\n')) {
      if (!/^\s*(\/\*\*|\*|\/\/|#)|\s(\/\/|\/\*\*)\s/.test(line)) continue
      const where = `${source}: ${line.trim()}`
      assert.doesNotMatch(line, /\b(DESIGN|HOUSE|VISION|TASK)\b/, where)
      for (const [path] of line.matchAll(/(?<![\w./*-])[\w.][\w./-]*\.md\b/g)) assert.ok(isThere(path), where)
      const [, page, heading = ''] = /(README|`docs\/[\w-]+\.md`), "([^"]+)":/.exec(line) ?? []
      if (page === undefined || !/^[A-Z]/.test(heading)) continue
      const path = page === 'README' ? 'README.md' : page.slice(1, -1)
      assert.ok(pageAt(path).includes(`\n## ${heading}\n`), where)
    }
  }
})

test('blocks of shell commands have no trailing comment, which zsh takes for arguments', () => {
  for (const page of PAGES.filter((path) => !path.startsWith('docs/adr/')))
    for (const block of blocksOf(pageAt(page), 'sh')) assert.doesNotMatch(block, /(^|\s)#/, page)
})
