/** Words for users, said once for as long as there is reason to: an `id` tells one occasion from another. */
export interface Notice {
  readonly eventType: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly id: string;
}
