export class VirtioDriverQueue {}
