/** Starts Swagger UI, with what repeats in each operation folded, and in the colours that the reader prefers. */

const dark = matchMedia('(prefers-color-scheme: dark)')
const followPreference = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
followPreference()
dark.addEventListener('change', followPreference)

/** Most headers are the same in every response. */
const foldHeaders =
  (Headers, { React: { createElement } }) =>
  (props) =>
    createElement('details', { className: 'fold' }, [
      createElement('summary', { key: 'summary' }, 'Headers'),
      createElement(Headers, { key: 'headers', ...props }),
    ])

/** The form of errors is known, so a line for each is enough. The second row is Swagger UI's own. */
const foldErrors = (Response, { React: { createElement, Fragment, useState }, getComponent }) => {
  const Markdown = getComponent('Markdown', true)
  return (props) => {
    const [isOpen, setOpen] = useState(false)
    if (!/^[345]/.test(props.code)) return createElement(Response, props)
    const toggle = { className: 'fold', 'aria-expanded': isOpen, onClick: () => setOpen(!isOpen) }
    const description = createElement(Markdown, { source: props.response.get('description') })
    const cells = [
      createElement('td', { key: 'status', className: 'response-col_status' }, props.code),
      createElement('td', { key: 'description' }, createElement('button', toggle, description)),
    ]
    return createElement(
      Fragment,
      null,
      createElement('tr', { className: 'folded-response' }, cells),
      isOpen && createElement(Response, props),
    )
  }
}

window.SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
  showExtensions: true,
  defaultModelsExpandDepth: 0,
  plugins: [{ wrapComponents: { headers: foldHeaders, response: foldErrors } }],
})
