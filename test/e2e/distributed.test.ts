import { everyScenario } from './scenarios/all.ts';

// Every service a process of its own, with Redis and NATS.

everyScenario('distributed');
