// Command scale runs the models of a store of 10¹² objects.
package main

func main() {}
