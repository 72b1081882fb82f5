/* Altitudes at some pressures by the formula, and how far they are from the standard atmosphere at most. */
#include <stdio.h>

#include "altitude.c"

int main(void)
{
    double pressure, altitude, worst = 0.0;
    char line[80];
    while (fgets(line, sizeof line, stdin))
        if (sscanf(line, "%lf,%lf", &pressure, &altitude) == 2)
            worst = fmax(worst, fabs(formula(pressure) - altitude));
    printf("%.1f m at 955 hPa; at most %.2f m off\n", formula(955.0), worst);
    return 0;
}
