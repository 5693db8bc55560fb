/** The documentation pages and their contents. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Paths relative to the root */
export const PAGES: readonly string[] = ['*.md', '.github/*.md', 'docs/*.md', 'docs/adr/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .sort()

export const pageAt = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

export function sectionOf(path: string, heading: string): string {
  const section = pageAt(path).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0]
  if (section === undefined) throw new Error(`${path} has no section "${heading}"`)
  return section
}

/** @returns the blocks of code of one language, in their order */
export const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, block = '']) =>
    of === language ? [block] : [],
  )
