import { existsSync, readFileSync } from 'node:fs'
import type { Representations } from '../representations.ts'
import { representations } from '../representations.ts'

// Swagger UI sets inline styles. Scripts and everything else come only from this service.
export const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

// The published package contains copies of the files of Swagger UI: see docs/adr/0008-the-package.md.
const PLACES = ['../docs/', '../../../swagger-ui/', '../../../node_modules/swagger-ui-dist/']

function read(name: string): Uint8Array<ArrayBuffer> | undefined {
  const file = PLACES.map((place) => new URL(place + name, import.meta.url)).find((url) => existsSync(url))
  return file && readFileSync(file)
}

type AssetType = 'text/css' | 'text/javascript'

const TYPES: Readonly<Record<string, AssetType>> = {
  'docs.css': 'text/css',
  'docs.js': 'text/javascript',
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
}

const files = new Map<string, Representations>()

/** Files are read when they are first asked for, because most services never serve these pages. */
function fileOf(name: string): Representations | undefined {
  const known = files.get(name)
  if (known !== undefined) return known
  const bytes = read(name)
  const file = bytes && representations(bytes)
  if (file !== undefined) files.set(name, file)
  return file
}

export const docsPage = representations(readFileSync(new URL('../docs/index.html', import.meta.url)))

/** @returns undefined when the pages have no such file */
export function docsAsset(name: string): { type: AssetType; file: Representations } | undefined {
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
  const file = type && fileOf(name)
  return file && type && { type, file }
}
