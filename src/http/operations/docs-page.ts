import { existsSync, readFileSync } from 'node:fs'

/** The bundled contract. Bytes, because text would be encoded again for each answer. */
export const contract = readFileSync(new URL('../../../generated/openapi.json', import.meta.url))

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

// Relative URLs, so that the page works behind a proxy that adds a path.
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rekindle</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/docs.js"></script>
</body>
</html>
`

const script = Buffer.from(
  `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null })\n`,
)

// The published package contains copies of these files: see docs/adr/0008-the-package.md.
function swaggerUi(name: string): Uint8Array | undefined {
  const places = ['../../../swagger-ui/', '../../../node_modules/swagger-ui-dist/']
  const file = places.map((place) => new URL(place + name, import.meta.url)).find((url) => existsSync(url))
  return file && readFileSync(file)
}

type AssetType = 'text/css' | 'text/javascript'

// Files are read on the first request, because most services never serve these pages.
const read: Readonly<Record<string, { type: AssetType; bytes: () => Uint8Array | undefined }>> = {
  'docs.js': { type: 'text/javascript', bytes: () => script },
  'swagger-ui.css': { type: 'text/css', bytes: () => swaggerUi('swagger-ui.css') },
  'swagger-ui-bundle.js': { type: 'text/javascript', bytes: () => swaggerUi('swagger-ui-bundle.js') },
}

const cache = new Map<string, Uint8Array>()

/** @returns undefined when the pages have no such file */
export function docsAsset(name: string): { type: AssetType; bytes: Uint8Array } | undefined {
  const asset = Object.hasOwn(read, name) ? read[name] : undefined
  const bytes = cache.get(name) ?? asset?.bytes()
  if (asset === undefined || bytes === undefined) return undefined
  cache.set(name, bytes)
  return { type: asset.type, bytes }
}
