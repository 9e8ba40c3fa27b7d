/* The SoC that a program is built for, as the compiler's option -DSOC_HEADER says; the i.MX 8M Plus unless it says anything. */
#ifndef SOC_H
#define SOC_H

#ifndef SOC_HEADER
#define SOC_HEADER "imx8mp.h"
#endif
#include SOC_HEADER

#endif
