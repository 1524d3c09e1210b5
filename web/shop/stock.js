/** What the sample customer has bought, why people call, and the articles that are offered first. All of it is fictitious. */

/** @typedef {{ id: string, title: string, art: string, note: string, state: string, kind: string, value: { minor_units: number, currency: string } }} Order */
/** @typedef {{ id: string, title: string, steps: string[] }} Article */
/** @typedef {{ category: string, sub_category: string, title: string, urgency: string, article: Article }} Reason */

/** @type {Order[]} */
export const ORDERS = [
  { id: 'A-1001', title: 'Reading lamp "Marlow"', art: '/web/shop/art/lamp.svg', note: 'Should have been here on Monday', state: 'On its way', kind: 'warn', value: { minor_units: 12_900, currency: 'EUR' } },
  { id: 'A-0987', title: 'Armchair "Fern"', art: '/web/shop/art/chair.svg', note: 'Delivered on 12 November', state: 'Delivered', kind: 'good', value: { minor_units: 48_000, currency: 'EUR' } },
  { id: 'A-0950', title: 'Wool rug "Dusk"', art: '/web/shop/art/rug.svg', note: 'Delivered on 2 October', state: 'Delivered', kind: 'good', value: { minor_units: 21_500, currency: 'EUR' } },
];

/** @type {Reason[]} */
export const REASONS = [
  {
    category: 'delivery', sub_category: 'late', title: 'It has not arrived', urgency: 'high',
    article: { id: 'kb-17', title: 'Where is my parcel?', steps: ['Parcels can show as "on its way" for a day after they were handed over.', 'Look with your neighbours and at your parcel shop.', 'After three days without news we send a new one.'] },
  },
  {
    category: 'product', sub_category: 'broken', title: 'It is broken', urgency: 'elevated',
    article: { id: 'kb-21', title: 'Lamps: when it flickers or stays dark', steps: ['Unplug the lamp and let it cool down.', 'Try another bulb of at most 40 W.', 'If it still flickers, the switch is worn; we replace it free of charge.'] },
  },
  {
    category: 'return', sub_category: 'label', title: 'I want to send it back', urgency: 'normal',
    article: { id: 'kb-30', title: 'Returns within 30 days', steps: ['Pack it in whatever box you have.', 'Print the label from your e-mail, or show the code at the parcel shop.', 'The money is back within five days.'] },
  },
  {
    category: 'billing', sub_category: 'invoice', title: 'Something about the invoice', urgency: 'normal',
    article: { id: 'kb-44', title: 'Invoices and changes of address', steps: ['Each invoice is in the e-mail that confirmed the order.', 'An address can be changed until the parcel is handed over.', 'For a company invoice we need the number of the company.'] },
  },
];

/** `129.00 EUR`. @param {{ minor_units: number, currency: string }} money */
export function price({ minor_units: minor, currency }) {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(minor / 100);
}
