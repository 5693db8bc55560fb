import type { JWK } from '../../keys/published-keys.ts'
import { jwkOf } from '../../keys/published-keys.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import type { Representations } from '../representations.ts'
import { bodyFor, representations } from '../representations.ts'

// Five minutes: shorter than PUBLISH_TIME of src/keys/schedule.ts
const KEEP_BRIEFLY = { cacheControl: 'public, max-age=300' }

/** Handlers of what is below `/.well-known` (RFC 8615) */
export function wellKnownHandlers(core: Core): Pick<Handlers, 'jwks' | 'issuerMetadata'> {
  const keySet = kept()
  const metadata = kept()
  return {
    async jwks(c, { raw, empty }) {
      const keys: readonly JWK[] = core.signingKeys.published(core.now()).map(jwkOf)
      const body = await bodyFor(c, keySet({ keys }), KEEP_BRIEFLY)
      return body === undefined ? empty(304) : raw(200, 'application/json', body)
    },

    async issuerMetadata(c, { raw, empty, failure }) {
      const { issuer, publicUrl } = core.settings
      // RFC 8414 §3.3: the issuer "MUST be identical to the authorization server's issuer identifier value into which the
      // well-known URI string was inserted".
      if (publicUrl === undefined || issuer !== publicUrl) return failure(404, 'Not found.')
      const body = await bodyFor(c, metadata(metadataOf(publicUrl, core)))
      return body === undefined ? empty(304) : raw(200, 'application/json', body)
    },
  }
}

const metadataOf = (issuer: string, { introspectionToken }: Core) => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  // RFC 8414 §2 requires the first, and takes the second to be `authorization_code` and `implicit` if it is absent.
  response_types_supported: [],
  grant_types_supported: [],
  revocation_endpoint: `${issuer}/revoke`,
  // Its default would be `client_secret_basic`.
  revocation_endpoint_auth_methods_supported: ['none'],
  ...(introspectionToken !== undefined && {
    introspection_endpoint: `${issuer}/introspect`,
    // RFC 8414 §2: also those of "the IANA 'OAuth Access Token Types' registry"
    introspection_endpoint_auth_methods_supported: ['Bearer', 'client_secret_basic'],
  }),
  service_documentation: `${issuer}/docs`,
})

/** Keeps the representations of a document until it changes. */
function kept(): (document: object) => Representations {
  let known = { text: '', file: representations(Buffer.from('')) }
  return (document) => {
    const text = JSON.stringify(document)
    if (text !== known.text) known = { text, file: representations(Buffer.from(text)) }
    return known.file
  }
}
