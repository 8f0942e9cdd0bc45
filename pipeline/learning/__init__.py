"""What can be learned of what was measured: good times, and which of two ways does better. Pure where it decides."""
