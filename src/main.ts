// As the service is started where nobody knows of main.js.
require('./main.js')
