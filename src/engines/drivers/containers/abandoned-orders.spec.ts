import { AbandonedOrders } from './abandoned-orders';

describe('AbandonedOrders', () => {
  it('remembers the newest two hundred, and forgives', () => {
    const orders = new AbandonedOrders();
    for (let index = 0; index <= 200; index += 1) orders.add(`order ${index}`);
    expect([orders.has('order 0'), orders.has('order 1'), orders.has('order 200')]).toEqual([
      ...[false, true, true],
    ]);
    orders.forgive('order 1');
    expect(orders.has('order 1')).toBe(false);
  });
});
