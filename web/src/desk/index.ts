/**
 * The planner's desk: one draft laid open, changed by commands that the server carries out. Comes in: the plan and its changes, by
 * the API. Goes out: commands.
 *
 * **Invariant:** the browser never computes a plan. What it draws of its own, while a hand moves, is a sketch; what it draws as the
 * plan is what the server answered.
 */
export { DeskBar } from './panel/DeskBar';
export { DeskStage } from './panel/DeskStage';
