import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** @returns what every page loads, and what only pages with DPoP load */
async function bundle(target: string | string[]): Promise<[Uint8Array, Uint8Array]> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/client/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    splitting: true,
    outdir: '.',
    target,
    write: false,
  })
  const [main, later, ...others] = outputFiles.map(({ contents }) => contents)
  if (main === undefined || later === undefined || others.length > 0) throw new Error('other chunks')
  return [main, later]
}

test('the client is under 6 kB, minified and gzipped, with all that it needs', async (t) => {
  const [size = 0, more = 0] = (await bundle('es2022')).map((part) => gzipSync(part, { level: 9 }).length)
  t.diagnostic(`${size} bytes, and ${more} more with DPoP`)
  assert.ok(more < 1500, `${more} bytes`)
  assert.ok(size > 1000 && size < 6000, `${size} bytes`)
})

test('its syntax is that of the browsers that docs/client.md names', async () => {
  const [all, older] = [await bundle('es2022'), await bundle(['chrome91', 'firefox80', 'safari15'])]
  assert.deepEqual(all, older)
})
