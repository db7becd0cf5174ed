export { productVersion } from './config';

export const PRODUCT_NAME = 'acefleet';
