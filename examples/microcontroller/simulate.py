"""Altitude by air pressure in the standard atmosphere: 44330.77*(1 - (pressure/1013.25)**0.190263)."""

print("# source: computed by simulate.py from the formula of the ICAO standard atmosphere (ICAO Doc 7488)")
print("pressure,altitude\nhPa,m")
for pressure in range(700, 1051, 10):
    print(f"{pressure},{44330.77 * (1 - (pressure / 1013.25) ** 0.190263):.2f}")
