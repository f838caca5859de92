/* Start-up for the AN505 image: the code of startup.c, with the vectors where the IoT Kit has its interrupts. */
#define vectors vectors_of_other_images
#include "startup.c"
#undef vectors

__attribute__((section(".vectors_an505"), used)) const vector vectors[16 + 48] = {
    (vector)stack_top,
    (vector)Reset_Handler,
    NMI_Handler,
    HardFault_Handler,
    MemManage_Handler,
    BusFault_Handler,
    UsageFault_Handler,
    Default_Handler, /* SecureFault */
    [11] = SVC_Handler,
    [12] = DebugMon_Handler,
    [14] = PendSV_Handler,
    [15] = SysTick_Handler,
    [16 ... 18] = Default_Handler,
    [16 + 3] = TIMER0_Handler,
    [16 + 4] = TIMER1_Handler,
    [16 + 5] = DUALTIMER_Handler,
    [16 + 6 ... 16 + 31] = Default_Handler,
    [16 + 32] = UART0_RX_Handler,
    [16 + 33 ... 16 + 47] = Default_Handler,
};
