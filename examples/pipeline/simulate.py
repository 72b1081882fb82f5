"""Prices of 200 used cars in thousands: 24 when new, 2 less for each year up to the eighth, 0.03 less for each thousand
kilometres, 3 more for an electric one; noise of 0.8. In one row of ten nobody noted the distance."""

import numpy as np

random = np.random.default_rng(1)
age = random.uniform(0, 14, 200)
distance = 12 * age * random.uniform(0.5, 1.5, 200)
electric = random.uniform(size=200) < 0.3
price = 24 - 2 * np.minimum(age, 8) - 0.03 * distance + 3 * electric + 0.8 * random.normal(size=200)
noted = random.uniform(size=200) < 0.9
print("# source: simulated by simulate.py, which says the rule")
print("age,distance,fuel,price")
for row in zip(age, distance, electric, price, noted, strict=True):
    print(f"{row[0]:.1f},{f'{row[1]:.0f}' if row[4] else ''},{'electric' if row[2] else 'petrol'},{row[3]:.2f}")
