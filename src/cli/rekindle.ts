#!/usr/bin/env node
// An old Node must report its version before it loads better-sqlite3, which would crash it. In a checkout
// src/main.cjs does this, because an old Node cannot read TypeScript.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`rekindle needs Node 22.18 or newer, and this is ${process.version}.`)
  process.exitCode = 1
} else {
  const { main } = await import('./main.ts')
  await main(process.argv.slice(2))
}
