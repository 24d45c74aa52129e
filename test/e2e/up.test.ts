import { everyScenario } from './scenarios/all.ts';

// Every service in one process, with SQLite.

everyScenario('up');
