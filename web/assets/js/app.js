// Every page works without this file. With it: lists refresh while one types, a refused form takes the focus to
// its summary, drafts keep themselves. It never builds content: the server renders. Next: diagram.js.
import 'htmx.org';
import '../css/app.css';
import './focus.js';
import './diagrams.js';
