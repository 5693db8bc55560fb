/** TLS in tests. */

// Self-signed, for localhost, until 2120
const KEY = [
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIzbJKiJEfwO6rNwFn6HmU4BMJ40jkISZxBKXXnl7PfShRANCAAT1',
  'xURozTXBmSATOSnPx2Ys9OwPApvH/L7Lek0u/oTROT1ljMASb9z39AbXPvEF/6mZE9PCxmVj/YA5lyTKsw5N',
].join('')
const CERTIFICATE = [
  'MIIBYDCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAx',
  'MDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPXFRGjNNcGZIBM5Kc/HZiz0',
  '7A8Cm8f8vst6TS7+hNE5PWWMwBJv3Pf0Btc+8QX/qZkT08LGZWP9gDmXJMqzDk2jSDBGMBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAP',
  'BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBR0xyvQPnLWCbtEzJvbTNor1cijvjAKBggqhkjOPQQDAgNHADBEAiBViB3taWbeKxNF',
  'IQFHkB6fNMrvYbxeqMxk7hYaDs1+FwIgExWc49ANPhCkosPtsv3kW3dRuECAPB1fP6AbidxI8V8=',
].join('')
const pem = (label: string, base64: string) => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`

/** A key and the certificate of `localhost` for it, which nobody vouches for. */
export const LOCALHOST = { key: pem('PRIVATE KEY', KEY), cert: pem('CERTIFICATE', CERTIFICATE) }
